"""The pipeline: a tokenizer, and components in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack, overload

from ..config import Config, default_config
from ..config.resolve import call_block, resolve_section
from ..errors import PipelineError
from ..io.consent import remote_code_allowed
from ..lang import code_of, language
from ..plugins import manager
from ..plugins.factory import Declared, names_of
from ..plugins.registries import registry
from ..tokens import Doc
from ..tokens.batch import Batch
from ..vocab import Vocab
from ..vocab.absent import absent
from . import (
    description,
    editing,
    factories,
    graph,
    graph_table,
    learning,
    loading,
    running,
    saving,
    sourcing,
)
from .batching import WORDS
from .order import Order
from .state import ErrorHandler
from .streaming import stream
from .wiring import Links

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..examples.example import Example

__all__ = ["Pipeline"]

C = TypeVar("C")


@absent("Pipeline")
class Pipeline:
    """Turns text into annotated :class:`~spanloom.tokens.Doc` objects.

    Made by :func:`spanloom.blank`, :func:`spanloom.load` or :meth:`from_config`.
    """

    batch_size: int
    """How many documents :meth:`pipe` processes at a time, unless it is told."""
    batch_words: int
    """How many words it processes at a time at most, unless it is told."""
    remote_code: bool
    """Whether code that came with models may run, as the caller said when it was made."""

    def __init__(
        self,
        lang: str = "en",
        *,
        vocab: Vocab | None = None,
        tokenizer: Mapping[str, Any] | None = None,
        config: Config | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.lang = lang = code_of(lang)
        if vocab is not None and not isinstance(vocab, Vocab):
            raise PipelineError(f"vocab is a Vocab, or None for a new one, and not {vocab!r}")
        if vocab is None:
            vocab = Vocab(lang, rules=language(lang).lexical_rules())
        self.vocab = vocab
        self.order = Order()
        self.links = Links(self.order)
        self.error_handler: ErrorHandler = running.raise_error
        self.batch_words = WORDS
        self.remote_code = remote_code_allowed()
        self.meta: dict[str, Any] = {"name": "pipeline", "version": "0.0.0", **(meta or {})}
        self.meta["lang"] = lang
        self._config = (Config(config) if config else default_config()).copy()
        self.references = description.references_in(self._config)
        self._tokenizer_config = dict(tokenizer or {"@tokenizers": "spanloom.Tokenizer.v1"})
        for extension in manager().extensions.extensions.values():
            self.vocab.extensions.declare(
                extension.kind, extension.name, owner=extension.owner, default=extension.default
            )
        self.batch_size = int(self._config.get("nlp", {}).get("batch_size", 256))
        self.tokenizer: Any = call_block(self._tokenizer_config, "nlp.tokenizer", None, self)
        self.tokenizer_type = type(self.tokenizer)
        self._optimizer: Optimizer | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: all but the optimizer that :meth:`update` uses by default."""
        return {**self.__dict__, "_optimizer": None}

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, Any],
        *,
        vocab: Vocab | None = None,
        disable: Collection[str] = (),
        enable: Collection[str] = (),
        exclude: Collection[str] = (),
        meta: Mapping[str, Any] | None = None,
    ) -> Self:
        """Build what the ``[nlp]`` and ``[components]`` sections describe; sections that are left
        out have their defaults. Weights are allocated by :meth:`initialize` or loading.

        ``disable``, ``enable`` and ``exclude`` are those of :func:`spanloom.load`. Raises
        :class:`ConfigError` with everything that is wrong with these sections, and
        :class:`PipelineError` for components that don't fit together.
        """
        choice = loading.Choice.of(disable, enable, exclude)
        return loading.from_config(cls, config, choice, vocab, meta)

    # -- what it holds

    @property
    def config(self) -> Config:
        """The config from which this pipeline can be built again, every default written down.

        What is set in it is kept, and saved: it counts when this is trained or initialized. Only
        ``nlp`` and ``components`` follow from the pipeline: setting something in these raises
        :class:`PipelineError`. A copy (``config.copy()``) may be changed as you like.
        """
        return description.config_of(self, self._config, self._tokenizer_config)

    def resolve(self, section: str) -> Any:
        """A section of the config, by its dotted path, with its blocks turned into objects."""
        return resolve_section(self.config, section)

    @property
    def components(self) -> list[tuple[str, Any]]:
        """All components with their names, in order, disabled ones too."""
        return self.order.components

    @property
    def pipeline(self) -> list[tuple[str, Any]]:
        """The enabled components with their names, in order."""
        return [(slot.name, slot.component) for slot in self.order if slot.enabled]

    @property
    def component_names(self) -> list[str]:
        """The names of all components."""
        return self.order.names

    @property
    def pipe_names(self) -> list[str]:
        """The names of the enabled components."""
        return self.order.enabled

    @property
    def disabled(self) -> list[str]:
        """The names of the disabled components."""
        return self.order.disabled

    @property
    def pipe_factories(self) -> dict[str, str]:
        """The factory of each component."""
        return {slot.name: slot.factory for slot in self.order}

    @property
    def factory_names(self) -> list[str]:
        """The factories that are installed. Nothing is imported."""
        return sorted(registry.names("factories"))

    @property
    def pipe_labels(self) -> dict[str, list[str]]:
        """The labels of each component that has some."""
        return editing.labels(self)

    # -- components

    @staticmethod
    def factory(
        name: str,
        *,
        default_config: Mapping[str, Any] | None = None,
        default_score_weights: Mapping[str, float | None] | None = None,
        func: Callable[..., Any] | None = None,
        **declared: Unpack[Declared],
    ) -> Callable[[factories.F], factories.F]:
        """Register ``func``, or decorate a function, ``(nlp, name, **settings) -> component``, so
        that ``add_pipe`` and configs know it as ``name``. The rest (``assigns``, ``requires``,
        ``retokenizes``, ``listener``, ``init_config``) is described by
        :class:`~spanloom.plugins.factory.FactoryInfo`. A package names it as an entry point
        instead."""
        register = factories.registering(
            name, defaults=default_config, score_weights=default_score_weights, **declared
        )
        return register if func is None else register(func)

    @staticmethod
    def component(
        name: str,
        *,
        assigns: Sequence[str] = (),
        requires: Sequence[str] = (),
        retokenizes: bool = False,
        func: Callable[..., Any] | None = None,
    ) -> Callable[[factories.F], factories.F]:
        """Register ``func``, or decorate a function, ``doc -> doc``, that needs no settings; see
        :meth:`factory`."""
        register = factories.registering_component(
            name, assigns=assigns, requires=requires, retokenizes=retokenizes
        )
        return register if func is None else register(func)

    def add_pipe(
        self,
        factory_name: str,
        name: str | None = None,
        *,
        before: str | int | None = None,
        after: str | int | None = None,
        first: bool | None = None,
        last: bool | None = None,
        source: Pipeline | None = None,
        replace_listeners: Collection[str] = (),
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a component and add it, at the end unless a place is given. Returns it.

        ``config`` overrides the factory's defaults. With ``source``, the component of that name is
        copied, with its weights, from another pipeline. If it listens to an encoder there, the copy
        listens to an encoder here that is equal (such as a copy of it); where there is none, it
        gets a copy of the encoder of its own, with a warning. ``replace_listeners`` asks for that,
        with the places of the listeners, such as ``["model.tok2vec"]``.

        It is typed ``Any``, since a name can stand for any factory. To have it checked, write what
        it is: ``tagger: Tagger = nlp.add_pipe("tagger")``, or :meth:`get_pipe` with its class.
        """
        position = self.order.place(before, after, first, last)
        name = name or factory_name
        replaced = names_of(replace_listeners)
        return editing.add(self, factory_name, name, position, source, replaced, config)

    def create_pipe(
        self, factory_name: str, name: str | None = None, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component without adding it."""
        return factories.create_component(self, factory_name, name or factory_name, config)[0]

    @overload
    def get_pipe(self, name: str) -> Any: ...
    @overload
    def get_pipe(self, name: str, kind: type[C]) -> C: ...
    def get_pipe(self, name: str, kind: type[Any] = object) -> Any:
        """The component of that name. Raises :class:`PipelineError` if it isn't of class ``kind``,
        which is its type then."""
        component = self.order[name].component
        if not isinstance(component, kind):
            raise PipelineError(f"'{name}' is a {type(component).__name__}, not a {kind.__name__}")
        return component

    def has_pipe(self, name: str) -> bool:
        """Whether there is an enabled component of that name."""
        return name in self.order.enabled

    def remove_pipe(self, name: str) -> tuple[str, Any]:
        """Take a component out and return it with its name."""
        return editing.remove(self, name)

    def rename_pipe(self, old_name: str, new_name: str) -> None:
        """Give a component another name. Listeners that name it follow."""
        editing.rename(self, old_name, new_name)

    def replace_pipe(
        self, name: str, factory_name: str, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component and put it in the place of another. Returns it."""
        return editing.replace(self, name, factory_name, config)

    def disable_pipe(self, name: str) -> None:
        """Keep a component without running it. What listens to it must be disabled too, before or
        after: running raises :class:`PipelineError` otherwise."""
        editing.enable(self, name, False)

    def enable_pipe(self, name: str) -> None:
        """Run a component again."""
        editing.enable(self, name, True)

    def select_pipes(
        self, *, disable: str | Iterable[str] = (), enable: str | Iterable[str] | None = None
    ) -> editing.DisabledPipes:
        """Disable components, or all but those in ``enable`` and the encoders that they listen to.
        Returns the list of those disabled, whose method ``restore`` enables them again; so does the
        end of a ``with`` block. An encoder that nobody listens to then doesn't run.

        Raises :class:`PipelineError` at once, before anything changes, for names that aren't there,
        and if a component that stays listens to an encoder that is disabled.
        """
        off = None if enable is None else names_of(enable)
        return editing.selected(self, names_of(disable), off)

    def replace_listeners(
        self, tok2vec_name: str, pipe_name: str, listeners: Iterable[str] = ()
    ) -> None:
        """Give the component ``pipe_name`` a copy of the encoder ``tok2vec_name`` that it listens
        to, so that neither needs the other. It predicts what it predicted before; from then on the
        copy learns from it alone.

        ``listeners`` are the places in the component's config where listeners stand, such as
        ``["model.tok2vec"]``; all, if none is given. Where they have been replaced already, nothing
        changes. Raises :class:`PipelineError` for a place that isn't in the config, or if only some
        of the listeners to one encoder are named.
        """
        sourcing.replace_listeners(self, tok2vec_name, pipe_name, names_of(listeners))

    def analyze_pipes(
        self, *, keys: Collection[str] = graph.KEYS, pretty: bool = False
    ) -> dict[str, Any]:
        """What each component sets and needs, whom it listens to and who listens to it; see
        :func:`spanloom.pipeline.graph.analyze`. ``pretty`` prints it as a table, too."""
        keys = names_of(keys)
        if pretty:
            print(graph_table.table(self, keys))
        return graph.analyze(self, keys)

    def changed(self) -> None:
        """Say that components were added, removed or given their size: links are made anew."""
        self.links.changed()

    def assemble(self) -> None:
        """Link listeners to their encoders, if anything changed since. Raises
        :class:`PipelineError`, naming both ends, where one is missing, disabled or doesn't fit."""
        self.links.assemble()

    # -- running

    def make_doc(self, text: str) -> Doc:
        """The tokens of ``text``, without annotation."""
        doc: Doc = self.tokenizer(text)
        return doc

    def __call__(self, text: str | Doc, *, disable: Collection[str] = ()) -> Doc:
        """Annotate one text."""
        doc = text if isinstance(text, Doc) else self.make_doc(text)
        return running.annotate(self, Batch((doc,)), names_of(disable))[0]

    @overload
    def pipe(
        self,
        texts: Iterable[str | Doc],
        *,
        batch_size: int | None = ...,
        batch_words: int | None = ...,
        disable: Collection[str] = ...,
        n_process: int = ...,
    ) -> Iterator[Doc]: ...

    @overload
    def pipe(
        self,
        texts: Iterable[tuple[str | Doc, C]],
        *,
        as_tuples: bool,
        batch_size: int | None = ...,
        batch_words: int | None = ...,
        disable: Collection[str] = ...,
        n_process: int = ...,
    ) -> Iterator[tuple[Doc, C]]: ...

    def pipe(
        self,
        texts: Iterable[Any],
        *,
        as_tuples: bool = False,
        batch_size: int | None = None,
        batch_words: int | None = None,
        disable: Collection[str] = (),
        n_process: int = 1,
    ) -> Iterator[Any]:
        """Annotate a stream of texts in batches, in order; much faster than one by one.

        A batch has ``batch_size`` documents, and components get at most ``batch_words`` words of it
        at a time, or one document that has more. With ``as_tuples``, the stream holds ``(text,
        context)`` and so does the result. Where a batch fails, its documents are tried one by one,
        and each that fails goes to the error handler (see :meth:`set_error_handler`) and is left
        out of the result.

        ``n_process`` worker processes share the batches (-1: one for each core of the machine). It
        takes them about a second to start. They get the pipeline as :meth:`to_disk` saves it.
        """
        disable = names_of(disable)
        return stream(self, texts, as_tuples, batch_size, batch_words, disable, n_process)

    def set_error_handler(self, error_handler: ErrorHandler) -> None:
        """Let ``error_handler(name, component, docs, error)`` decide on documents that fail in
        :meth:`pipe`. The default raises the error."""
        self.error_handler = error_handler

    # -- learning

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]] | None = None,
        *,
        sgd: Optimizer | None = None,
        keep: Collection[str] = (),
        annotates: Collection[str] = (),
    ) -> Optimizer:
        """Read labels and shapes from the examples, and allocate all weights, but for components in
        ``keep``, which have theirs; encoders come before those that listen to them. Those in
        ``annotates`` annotate the examples that those after them infer shapes from, as in
        :meth:`update`. Returns the optimizer: ``sgd``, or the one of the config.

        What the config's ``[initialize.components.NAME]`` holds is passed on as keywords, and
        ``[initialize.tokenizer]`` to a tokenizer that has a method ``initialize``. The table of
        vectors that ``[initialize]`` names is opened first, and its pretrained weights come last,
        so that nothing overwrites them; what was applied is in ``meta["pretrained"]``.
        """
        learning.initialize(self, get_examples, names_of(keep), names_of(annotates))
        self._optimizer = sgd if sgd is not None else self.create_optimizer()
        return self._optimizer

    def create_optimizer(self) -> Optimizer:
        """The optimizer of ``[training.optimizer]``."""
        optimizer: Optimizer = self.resolve("training.optimizer")
        return optimizer

    def update(
        self,
        examples: Sequence[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | Literal[False] | None = None,
        losses: dict[str, float] | None = None,
        exclude: Collection[str] = (),
        annotates: Collection[str] = (),
    ) -> dict[str, float]:
        """One update of all components, and of the encoders that they share, on one batch.

        Encoders write their features and heads add gradients to them, in the order of the pipeline;
        then each encoder gets its sum, last first. Components in ``exclude`` don't learn (an
        encoder among them still runs, in predict mode, if somebody listens); those in ``annotates``
        set their predictions on copies of the documents, from which those after them learn. Without
        ``sgd``, the step is that of the optimizer that :meth:`initialize` returned, or of one as
        the config has it, which is kept. With ``sgd=False``, gradients are only added up: call
        again, and step with :meth:`finish_update`. Returns ``losses``, to which each component adds
        its own.
        """
        if sgd is None:
            sgd = self._optimizer = self._optimizer or self.create_optimizer()
        exclude, annotates = names_of(exclude), names_of(annotates)
        return learning.update(self, examples, drop, sgd, losses, exclude, annotates)

    def finish_update(self, sgd: Optimizer, *, exclude: Collection[str] = ()) -> None:
        """Step with the gradients that :meth:`update` added up."""
        learning.finish_update(self, sgd, names_of(exclude))

    def use_params(self, params: Mapping[Any, Any] | None) -> AbstractContextManager[None]:
        """Use other weights, such as an optimizer's averages, inside a ``with`` block."""
        return learning.params_used(self, params)

    def evaluate(
        self,
        examples: Iterable[Example],
        *,
        batch_size: int | None = None,
        per_component: bool = False,
    ) -> dict[str, Any]:
        """Annotate fresh copies of the predicted documents and score them.

        Holds the scores of the tokenizer and of each component (with ``per_component``, by their
        names), and ``speed``, in words per second of wall time. The examples aren't changed.
        """
        return learning.evaluate(self, examples, batch_size, per_component)

    # -- saving

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder, whole or not at all; see :mod:`spanloom.pipeline.saving`."""
        saving.to_disk(self, path, exclude=names_of(exclude))

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read weights and settings from a folder into this pipeline, whose components must be
        those that were saved. :func:`spanloom.load` builds the pipeline as well."""
        saving.from_disk(self, path, exclude=names_of(exclude))
        return self

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """All that :meth:`to_disk` writes, as msgpack."""
        return saving.to_bytes(self, exclude=names_of(exclude))

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave; components must be those that were saved."""
        saving.from_bytes(self, bytes_data, exclude=names_of(exclude))
        return self
