"""Checks of what stands around pipelines: callbacks, installed ones, pictures, and the rest."""

from __future__ import annotations

import copy
import inspect
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from spanloom.config.fill import fill_block
from spanloom.config.values import is_block
from spanloom.plugins.registries import registry as registries

from .base import BuildConformance, NameConformance
from .compare import annotation, as_failure, difference, same
from .texts import SPACES, TEXTS, annotated_examples

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc

__all__ = ["CallbackConformance", "MiscConformance", "ModelConformance", "RendererConformance"]


def _pipeline() -> Pipeline:
    """A pipeline whose weights are there."""
    from spanloom.pipeline import blank

    nlp = blank("en")
    nlp.add_pipe("tagger")
    nlp.initialize(lambda: annotated_examples(nlp))
    return nlp


class CallbackConformance(BuildConformance):
    """Checks of a callback: a function of the pipeline, and of the step where it is one for
    ``before_update``. It is called with a pipeline that has a tagger; a subclass may give another.
    """

    registry: ClassVar[str] = "callbacks"

    def pipeline(self) -> Pipeline:
        """The pipeline that it is called with."""
        return _pipeline()

    def test_called(self) -> None:
        """It returns a pipeline or nothing; nothing where it gets the step, too."""
        from spanloom.pipeline import Pipeline

        callback = self.made()
        with as_failure():
            answers = self._answers(callback, self.pipeline())
        for answer in answers:
            fits = answer is None or (isinstance(answer, Pipeline) and not self._steps(callback))
            assert fits, f"it returns {type(answer).__name__}, where a Pipeline or nothing is due"

    def test_again(self) -> None:
        """One callback serves pipeline after pipeline."""
        callback = self.made()
        self._called(callback, self.pipeline())
        with as_failure():
            self._answers(callback, self.pipeline())

    def test_works_on(self) -> None:
        """The pipeline annotates, and can be saved and loaded, afterwards."""
        from spanloom.pipeline import blank

        nlp = self._called(self.made(), self.pipeline())
        with as_failure():
            docs = list(nlp.pipe(TEXTS))
        assert [doc.text for doc in docs] == list(TEXTS), "the texts have changed"
        with as_failure():
            blank(nlp.lang, config=nlp.config).from_bytes(nlp.to_bytes())

    def test_changes_nothing(self) -> None:
        """It leaves the step that it is told as it is."""
        callback, nlp = self.made(), self.pipeline()
        if not self._steps(callback):
            pytest.skip("it isn't told of steps")
        info = {"step": 1, "epoch": 0}
        try:
            callback(nlp, info)
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_called")
        assert info == {"step": 1, "epoch": 0}, f"it changes what it is told to {info}"

    def _steps(self, callback: Any) -> bool:
        """Whether it takes the step, as `before_update` does."""
        return _required(callback) > 1

    def _answers(self, callback: Any, nlp: Pipeline) -> list[Any]:
        if not self._steps(callback):
            return [callback(nlp)]
        return [callback(nlp, {"step": step, "epoch": 0}) for step in range(3)]

    def _called(self, callback: Any, nlp: Pipeline) -> Pipeline:
        """The pipeline that there is after it."""
        try:
            answers = self._answers(callback, nlp)
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_called")
        return answers[-1] if hasattr(answers[-1], "pipe") else nlp


def _required(function: Any) -> int:
    """How many arguments must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(each.kind in places and each.default is each.empty for each in parameters)


class ModelConformance(NameConformance):
    """Checks of an installed pipeline: what ``spanloom.load`` calls under a name."""

    registry: ClassVar[str] = "models"
    texts: ClassVar[Sequence[str]] = (*TEXTS, *SPACES, "")

    def loaded(self, **options: Any) -> Any:
        """What it gives; a skip if that fails, which is `test_pipeline`'s to tell."""
        target = self.target()
        try:
            return target(**{**_NO_OPTIONS, **options})
        except Exception as error:
            pytest.skip(f"it can't be loaded ({type(error).__name__}): see test_pipeline")

    def test_pipeline(self) -> None:
        """It takes what `load` hands on, by name, and gives a pipeline that keeps the texts."""
        from spanloom.pipeline import Pipeline

        target = self.target()
        with as_failure():
            nlp: Any = target(**_NO_OPTIONS)
        assert isinstance(nlp, Pipeline), f"it gives {type(nlp).__name__}, where a Pipeline is due"
        with as_failure():
            docs = list(nlp.pipe(self.texts))
        assert [doc.text for doc in docs] == list(self.texts), "texts have changed"

    def test_again(self) -> None:
        """Loaded twice, also by `spanloom.load`, it says the same, and is another object."""
        from spanloom.pipeline import load

        first = self.loaded()
        with as_failure():
            second = load(self.name)
        assert first is not second, "it gives one pipeline to all who load it"
        told = difference(list(first.pipe(self.texts)), list(second.pipe(self.texts)))
        assert not told, f"loaded again, {told}"

    def test_options(self) -> None:
        """`exclude`, `disable`, `config` and `vocab` are obeyed."""
        from spanloom.vocab import Vocab

        nlp = self.loaded()
        vocab = Vocab(nlp.lang)
        assert self.loaded(vocab=vocab).vocab is vocab, "`vocab` isn't used"
        sized = self.loaded(config={"nlp.batch_size": 7})
        assert sized.config["nlp"]["batch_size"] == 7, "`config` isn't obeyed"
        for name in nlp.pipe_names[-1:]:
            asleep = self.loaded(disable=[name])
            assert name not in asleep.pipe_names, f"`disable` of '{name}' isn't obeyed"
            assert name in asleep.component_names, f"`disable` has taken '{name}' away"
            gone = self.loaded(exclude=[name])
            assert name not in gone.component_names, f"`exclude` of '{name}' isn't obeyed"


#: What `load` hands on where it is given nothing but a name.
_NO_OPTIONS: dict[str, Any] = {
    "vocab": None,
    "config": None,
    "disable": (),
    "enable": (),
    "exclude": (),
}

#: A text that would be markup.
_MARKUP = "<script>alert(1)</script>"


class RendererConformance(NameConformance):
    """Checks of a renderer. `graph` and `curve` write a picture to a path; `html`, and those that
    take a document first, make text of it. ``config`` holds options, such as ``style``."""

    registry: ClassVar[str] = "renderers"
    ending: ClassVar[str] = ".svg"
    """How the name of a picture ends."""

    def docs(self) -> list[Doc]:
        """Annotated documents."""
        from spanloom.pipeline import blank

        return [each.reference for each in annotated_examples(blank("en"))]

    def test_renders(self) -> None:
        """A document becomes text that isn't empty, or a picture is there afterwards."""
        if self.name in ("curve", "graph"):
            self._draws()
            return
        for doc in self._if_texts():
            with as_failure():
                found = self._text(doc)
            assert isinstance(found, str) and found, f"it gives {found!r}, where text is due"

    def test_nothing(self) -> None:
        """Documents without tokens or annotation are no error."""
        from spanloom.pipeline import blank

        self._if_texts()
        nlp = blank("en")
        for text in ("", *TEXTS, *SPACES):
            with as_failure():
                self._text(nlp.make_doc(text))

    def test_again(self) -> None:
        """The document stays as it is, and gives the same text again."""
        for doc in self._if_texts():
            before = annotation(doc)
            try:
                first = self._text(doc)
            except Exception as error:
                pytest.skip(f"it fails ({type(error).__name__}): see test_renders")
            assert first == self._text(doc), "the second time the text is another"
            assert same(annotation(doc), before), "it changes the document"

    def test_markup(self) -> None:
        """What is markup in a text is text on a page."""
        from spanloom.tokens import Doc, Span

        first = self._if_texts()[0]
        doc = Doc(first.vocab, words=[_MARKUP])
        doc[0].tag_ = doc[0].lemma_ = _MARKUP
        doc.ents = [Span(doc, 0, len(doc), _MARKUP)]
        try:
            plain, found = self._text(first), self._text(doc)
        except Exception as error:
            pytest.skip(f"it fails ({type(error).__name__}): see test_renders")
        if not re.search(r"<\w", str(plain)):
            pytest.skip("it doesn't make pages")
        assert "<script>alert" not in found, "a text that holds a script brings it into the page"

    def _if_texts(self) -> list[Doc]:
        """The documents; a skip for what doesn't make text of one."""
        try:
            first = next(iter(inspect.signature(self.target()).parameters), "")
        except (TypeError, ValueError):
            first = ""
        if self.name != "html" and first not in ("doc", "docs"):
            pytest.skip("it doesn't take a document first: only its callers know what it promises")
        return self.docs()

    def _text(self, doc: Doc) -> Any:
        return self.target()(doc, **self.config)

    def _draws(self) -> None:
        target = self.target()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"picture{self.ending}"
            with as_failure():
                if self.name == "graph":
                    target(_pipeline(), path, **self.config)
                else:
                    scores, losses = {"tag_acc": [0.25, 0.5]}, {"tagger": [9.0, 3.0]}
                    target(path, [100, 200], scores, losses, **self.config)
            assert path.is_file() and path.stat().st_size, "there is no picture"


class MiscConformance(BuildConformance):
    """Checks of what has no registry of its own: only that it can be made."""

    registry: ClassVar[str] = "misc"

    def test_again(self) -> None:
        """It can be made again, is of the same kind then, and its settings stay as they are."""
        settings = fill_block({"it": self.block()})["it"]
        del settings[f"@{self.registry}"]
        if any(is_block(each) for each in settings.values()):
            pytest.skip("its settings are blocks: give `config` without them")
        given = copy.deepcopy(settings)
        try:
            first = self.target()(*given.pop("*", ()), **given)
        except Exception as error:
            pytest.skip(f"it can't be made ({type(error).__name__}): see test_builds")
        changed = [key for key, value in given.items() if value != settings[key]]
        assert not changed, f"it changes what it is given as '{changed[0]}'"
        with as_failure():
            second = registries.resolve({"it": self.block()})["it"]
        assert type(first) is type(second), (
            f"it gives {type(first).__name__}, and then {type(second).__name__}"
        )
