"""Checks of components: names in the registry ``factories``."""

from __future__ import annotations

import copy
import inspect
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from spanloom.config.signatures import MISSING, signature_of
from spanloom.plugins.factory import factory_info

from .base import SMALL_ENCODER, NameConformance
from .compare import annotation, as_failure, difference
from .listeners import Shared, add_heads, learns_through, listening
from .pipelines import changed, find_block, learns, seed, train
from .texts import LONG, SPACES, TEXTS, annotated_examples

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc

__all__ = ["ComponentConformance"]

_STEPS = 12


class ComponentConformance(NameConformance):
    """Checks of a component in a pipeline of its own.

    ``lang`` is the pipeline's language, ``before`` names the components that must stand before it,
    ``texts`` what it annotates, ``listener`` is the block of a layer that listens to it, if it is
    an encoder of another kind than ``tok2vec``. A component that learns is trained a little first,
    on what `examples` returns.
    """

    registry: ClassVar[str] = "factories"
    ignored: ClassVar[tuple[str, ...]] = ("nlp", "name")
    lang: ClassVar[str] = "en"
    before: ClassVar[tuple[str, ...]] = ()
    texts: ClassVar[Sequence[str]] = TEXTS
    listener: ClassVar[Mapping[str, Any]] = {}

    def examples(self, nlp: Pipeline) -> list[Example]:
        """A few annotated examples that it can learn."""
        return annotated_examples(nlp)

    def settings(self) -> dict[str, Any]:
        """As the base's, with the defaults that the factory declares."""
        declared = factory_info(self.target()).defaults
        given = self.config
        needed = signature_of(self.target(), self.ignored).parameters.values()
        if all(each.name in {*declared, *given} or each.default is not MISSING for each in needed):
            return dict(given)
        return super().settings()

    def annotation(self, doc: Doc) -> Mapping[str, Any]:
        """What a document says, for comparing two of them: values by name."""
        return annotation(doc)

    def difference(self, first: Sequence[Doc], second: Sequence[Doc]) -> str:
        """Where two lists of documents differ, in words; empty if they don't."""
        return difference(first, second, self.annotation)

    # -- pipelines

    def start(self) -> Pipeline:
        """A new pipeline with what must stand before the component."""
        from spanloom.pipeline import blank

        nlp = blank(self.lang)
        for name in self.before:
            nlp.add_pipe(name)
        return nlp

    def pipeline(self) -> Pipeline:
        """A new pipeline with the component, not initialized."""
        nlp = self.start()
        nlp.add_pipe(self.name, name="it", config=copy.deepcopy(self.settings()))
        return nlp

    def initialized(self) -> Pipeline:
        """A pipeline with weights; a skip if that fails, which is `test_builds`'s to tell."""
        self.target()
        try:
            return self._start()
        except pytest.skip.Exception:
            raise
        except Exception as error:
            pytest.skip(f"it can't be built ({type(error).__name__}): see test_builds")

    def _start(self) -> Pipeline:
        seed()
        nlp = self.pipeline()
        examples = self.examples(nlp)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nlp.initialize(lambda: examples)
        return nlp

    def trained(self) -> Pipeline:
        """A pipeline that was trained a little; a skip if it can't be, see `test_learns`."""
        nlp = self.initialized()
        if learns(nlp):
            try:
                train(nlp, self.examples(nlp), _STEPS)
            except Exception as error:
                pytest.skip(f"it can't be trained ({type(error).__name__}): see test_learns")
        return nlp

    def reference(self, nlp: Pipeline) -> list[Doc]:
        """The annotated texts; a skip if they can't be had, differ from one time to the next, or
        hold nothing that the component wrote."""
        try:
            docs, again = list(nlp.pipe(self.texts)), list(nlp.pipe(self.texts))
        except Exception as error:
            pytest.skip(f"it can't annotate ({type(error).__name__}): see test_annotates")
        if self.difference(docs, again):
            pytest.skip("it isn't deterministic: see test_determinism")
        self._wrote(nlp, docs)
        return docs

    def _wrote(self, nlp: Pipeline, docs: list[Doc]) -> None:
        """A skip where the component annotated none of the texts: nothing could be lost."""
        from spanloom.components import Encoder

        if isinstance(nlp.get_pipe("it"), Encoder):
            return  # what it hands out isn't kept on documents
        if not self.difference(docs, list(nlp.pipe(self.texts, disable=["it"]))):
            pytest.skip(
                "it annotated none of the texts: give a config with which it does, or texts, in a "
                f'subclass or [tool.spanloom.conformance."factories/{self.name}"]'
            )

    # -- checks

    def test_signature(self) -> None:
        """A factory takes ``nlp`` and ``name`` first; every setting has a type, and one whose
        default is None may be None (``X | None``)."""
        first = list(inspect.signature(self.target()).parameters)[:2]
        assert first == ["nlp", "name"], f"'{self.name}' takes {first} first, not nlp and name"
        super().test_signature()

    def test_builds(self) -> None:
        """It can be added to a pipeline with its default settings, and initialized."""
        self.target()
        self.settings()
        with as_failure():
            nlp = self._start()
        assert callable(nlp.get_pipe("it")), "the component can't be called with a document"

    def test_config_round_trip(self) -> None:
        """The pipeline's config, written as text and read back, builds the same pipeline."""
        from spanloom.config import Config
        from spanloom.pipeline import Pipeline

        config = self.initialized().config
        again = Config().from_str(config.to_str(), interpolate=False)
        told = changed(config["components"], again["components"])
        assert not told, f"settings change when they are written as text: {told}"
        try:
            built = Pipeline.from_config(again).config
        except Exception as error:
            raise AssertionError(
                f"the pipeline's config doesn't build it: {type(error).__name__}: {error}"
            ) from error
        told = changed(config["components"], built["components"])
        assert not told, f"the pipeline built from its config has another one: {told}"

    def test_annotates(self) -> None:
        """Texts come out in order, with their text unchanged."""
        nlp = self.trained()
        with as_failure():
            docs = list(nlp.pipe(self.texts))
        assert [doc.text for doc in docs] == list(self.texts), "texts are changed, or out of order"
        self._wrote(nlp, docs)

    def test_determinism(self) -> None:
        """The same text gets the same annotation, and the same seed gives the same component."""
        nlp = self.trained()
        docs = self._annotated(nlp)
        told = self.difference(docs, self._annotated(nlp))
        assert not told, f"annotating twice gives two results: {told}"
        told = self.difference(docs, self._annotated(self.trained()))
        assert not told, f"the same seed gives another component: {told}"

    def _annotated(self, nlp: Pipeline) -> list[Doc]:
        try:
            return list(nlp.pipe(self.texts))
        except Exception as error:
            pytest.skip(f"it can't annotate ({type(error).__name__}): see test_annotates")

    def test_bytes(self) -> None:
        """``to_bytes`` and ``from_bytes`` keep all that matters."""
        nlp = self.trained()
        docs = self.reference(nlp)
        with as_failure():
            again = self.pipeline().from_bytes(nlp.to_bytes())
        told = self.difference(docs, list(again.pipe(self.texts)))
        assert not told, f"another annotation after from_bytes: {told}"

    def test_disk(self) -> None:
        """``to_disk`` and ``spanloom.load`` keep all that matters."""
        from spanloom.pipeline import load

        nlp = self.trained()
        docs = self.reference(nlp)
        with tempfile.TemporaryDirectory() as folder:
            with as_failure():
                nlp.to_disk(Path(folder) / "pipeline")
                again = load(Path(folder) / "pipeline")
            told = self.difference(docs, list(again.pipe(self.texts)))
        assert not told, f"another annotation after loading: {told}"

    def test_pickle(self) -> None:
        """Annotated documents survive pickling, as when they go to another process."""
        docs = self.reference(self.trained())
        for doc in docs:
            with as_failure():
                ForkingPickler.dumps(doc)

    def test_spawn(self) -> None:
        """Two worker processes annotate as one does (``nlp.pipe(n_process=2)``)."""
        nlp = self.trained()
        self.reference(nlp)
        size = len(self.texts) // 2 + 1
        docs = list(nlp.pipe(self.texts, batch_size=size))
        with as_failure():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                spread = list(nlp.pipe(self.texts, batch_size=size, n_process=2))
        told = self.difference(docs, spread)
        assert not told, f"worker processes give another annotation: {told}"

    def test_threads(self) -> None:
        """Several threads may use one pipeline."""
        nlp = self.trained()
        docs = self.reference(nlp)

        def annotate(_: int) -> list[Doc]:
            return list(nlp.pipe(self.texts))

        with ThreadPoolExecutor(4) as pool:
            with as_failure():
                results = list(pool.map(annotate, range(8)))
        told = next(filter(None, (self.difference(docs, each) for each in results)), "")
        assert not told, f"threads at the same time disturb each other: {told}"

    def test_empty_document(self) -> None:
        """A text of no length is no error, alone and among others."""
        self._survives([[""], ["", "A text.", ""]], "an empty text")

    def test_whitespace(self) -> None:
        """Texts of white space are no error."""
        self._survives([[text] for text in SPACES], "white space")

    def test_long_document(self) -> None:
        """A text of 100 kB is no error."""
        self._survives([[LONG]], "a text of 100 kB")

    def _survives(self, batches: Sequence[Sequence[str]], what: str) -> None:
        nlp = self.trained()
        self._annotated(nlp)
        for batch in batches:
            try:
                docs = list(nlp.pipe(batch))
            except Exception as error:
                raise AssertionError(
                    f"{what} ({batch[0][:20]!r}): {type(error).__name__}: {error}"
                ) from error
            assert [doc.text for doc in docs] == list(batch), f"{what}: the text is changed"

    def test_batches(self) -> None:
        """A batch is annotated as its texts are one by one."""
        nlp = self.trained()
        docs = self.reference(nlp)
        for size in (1, 2):
            told = self.difference(docs, list(nlp.pipe(self.texts, batch_size=size)))
            assert not told, f"batches of {size} give another annotation: {told}"
        told = self.difference(docs, [nlp(text) for text in self.texts])
        assert not told, f"calling nlp(text) gives another annotation: {told}"

    def test_learns(self) -> None:
        """Learning a few examples by heart lowers the loss."""
        nlp = self.initialized()
        if not learns(nlp):
            pytest.skip("it doesn't learn")
        examples = self.examples(nlp)
        with as_failure():
            losses = train(nlp, examples, 3 * _STEPS)
        if not any(losses):
            pytest.skip("it reports no loss")
        assert min(losses[-3:]) < losses[0], (
            f"the loss was {losses[0]:.4g}, and is {losses[-1]:.4g}"
        )

    def test_gradients_through_listeners(self) -> None:
        """A shared encoder learns from it; if it is an encoder, it learns from its listeners."""
        from spanloom.components import Encoder

        nlp = self.initialized()
        component: Any = nlp.get_pipe("it")
        if isinstance(component, Encoder):
            nlp = self._with_heads("tagger")
            learns_through(nlp, "it", self.examples(nlp))
        else:
            self._listens(nlp)

    def _listens(self, nlp: Pipeline) -> None:
        block = nlp.config["components"]["it"]
        if find_block(block, "tok2vec") is None or not learns(nlp):
            pytest.skip("its settings have no layer 'tok2vec' that could listen to a shared one")
        shared = self.start()
        if "tok2vec" not in shared.pipe_names:
            shared.add_pipe("tok2vec", config={"model": dict(SMALL_ENCODER)})
        width = shared.get_pipe("tok2vec").width
        shared.add_pipe(self.name, name="it", config=listening(block, width))
        learns_through(shared, "tok2vec", self.examples(shared))

    def _with_heads(self, *heads: str) -> Pipeline:
        """A pipeline in which taggers of these names listen to the component."""
        from spanloom.components import Encoder

        nlp = self.pipeline()
        component: Any = nlp.get_pipe("it")
        if not isinstance(component, Encoder):
            pytest.skip("it is no encoder that others could listen to")
        if component.provides != "tokens" and not self.listener:
            pytest.skip(f"it provides '{component.provides}': give `listener` in a subclass")
        add_heads(nlp, heads, self.listener)
        return nlp

    def shared(self, *heads: str) -> Shared:
        """The encoder with heads that listen to it, initialized; a skip if it is none."""
        self.target()
        seed()
        nlp = self._with_heads(*heads)
        examples = self.examples(nlp)
        try:
            nlp.initialize(lambda: examples)
        except Exception as error:
            pytest.skip(f"it can't be built ({type(error).__name__}): see test_builds")
        return Shared(nlp, heads, self.texts, self.start)

    def test_listener_gradient(self) -> None:
        """An encoder's gradient through a listener agrees with differences."""
        self.shared("head").follows_differences()

    def test_listener_factor(self) -> None:
        """A listener multiplies its gradient by its ``grad_factor``; with 0 it sends none."""
        self.shared("head").obeys_the_factor()

    def test_listener_sum(self) -> None:
        """An encoder with two heads gets the sum of their gradients."""
        self.shared("head", "other").adds_up()

    def test_listener_frozen(self) -> None:
        """Heads learn from an encoder that is frozen, and leave it as it is."""
        shared = self.shared("head")
        shared.can_be_frozen(self.examples(shared.nlp))

    def test_replace_listeners(self) -> None:
        """A head that gets a copy of the encoder for itself predicts as before."""
        shared = self.shared("head")
        shared.can_be_copied(self.examples(shared.nlp), source=False)

    def test_source(self) -> None:
        """A head that another pipeline takes over predicts as before."""
        shared = self.shared("head")
        shared.can_be_copied(self.examples(shared.nlp), source=True)

    def test_gpu(self) -> None:
        """On a GPU it annotates as on the CPU, where there is one."""
        from thinc.api import use_ops
        from thinc.compat import has_cupy_gpu

        if not has_cupy_gpu:
            pytest.skip("no GPU, or no CuPy")
        docs = self.reference(self.trained())
        with use_ops("cupy"):
            told = self.difference(docs, self._annotated(self.trained()))
        assert not told, f"another annotation on the GPU: {told}"
