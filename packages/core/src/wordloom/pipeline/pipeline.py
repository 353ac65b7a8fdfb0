"""The pipeline: a tokenizer, and components in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ..batch import Batch
from ..components.base import minibatch
from ..components.factory import component_defaults
from ..config import Config, default_config
from ..config.resolve import resolve_block, resolve_section
from ..errors import PipelineError
from ..plugins import manager
from ..registries import registry
from ..tokens import Doc
from ..vocab import Vocab
from . import build, learning, saving
from .order import Entry, Order
from .wiring import active_encoders, wire

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..example import Example

__all__ = ["ErrorHandler", "Pipeline", "raise_error"]

F = TypeVar("F", bound=Callable[..., Any])

ErrorHandler = Callable[[str, Any, list[Doc], Exception], None]
"""Called with the component's name, the component, the documents that failed, and the error."""


def raise_error(name: str, component: Any, docs: list[Doc], error: Exception) -> None:
    """The default error handler: one bad document ends the stream."""
    raise error


class Pipeline:
    """Turns text into annotated :class:`~wordloom.tokens.Doc` objects.

    Made by :func:`wordloom.blank`, :func:`wordloom.load` or :meth:`from_config`.
    """

    def __init__(
        self,
        lang: str = "en",
        *,
        vocab: Vocab | None = None,
        tokenizer: Mapping[str, Any] | None = None,
        config: Config | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.lang = lang
        self.vocab = vocab if vocab is not None else build.vocab_for(lang)
        self.order = Order()
        self.meta: dict[str, Any] = {"name": "pipeline", "version": "0.0.0", **(meta or {})}
        self._config = Config(config) if config else default_config()
        self._tokenizer_config = dict(tokenizer or {"@tokenizers": "wordloom.Tokenizer.v1"})
        for extension in manager().extensions.extensions.values():
            self.vocab.extensions.declare(
                extension.kind, extension.name, owner=extension.owner, default=extension.default
            )
        make = resolve_block(self._tokenizer_config, "nlp.tokenizer")
        self.tokenizer: Any = make(self)
        self._handler: ErrorHandler = raise_error
        self._assembled = False
        self._active: set[str] = set()

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
    ) -> Pipeline:
        """Build what the ``[nlp]`` and ``[components]`` sections describe; sections that are left
        out have their defaults. Weights are allocated by :meth:`initialize` or loading."""
        return build.from_config(
            config, vocab=vocab, disable=disable, enable=enable, exclude=exclude, meta=meta
        )

    @staticmethod
    def factory(
        name: str,
        *,
        default_config: Mapping[str, Any] | None = None,
        assigns: Sequence[str] = (),
        requires: Sequence[str] = (),
        default_score_weights: Mapping[str, float | None] | None = None,
        retokenizes: bool = False,
    ) -> Callable[[F], F]:
        """Decorate a function ``(nlp, name, **settings) -> component``, so that ``add_pipe`` and
        configs know it as ``name``. A package names it as an entry point instead."""

        def register(function: F) -> F:
            component_defaults(
                default_config,
                assigns=assigns,
                requires=requires,
                score_weights=default_score_weights,
                retokenizes=retokenizes,
            )(function)
            return registry.factories(name, overwrite=True)(function)

        return register

    @staticmethod
    def component(name: str) -> Callable[[F], F]:
        """Decorate a function ``doc -> doc`` that needs no settings; see :meth:`factory`."""

        def register(function: F) -> F:
            def make(nlp: Pipeline, name: str) -> F:
                return function

            registry.factories(name, overwrite=True)(make)
            return function

        return register

    # -- what it holds

    @property
    def components(self) -> list[tuple[str, Any]]:
        """All components with their names, in order, disabled ones too."""
        return [(entry.name, entry.component) for entry in self.order]

    @property
    def pipeline(self) -> list[tuple[str, Any]]:
        """The enabled components with their names, in order."""
        return [(entry.name, entry.component) for entry in self.order if entry.enabled]

    @property
    def component_names(self) -> list[str]:
        """The names of all components."""
        return self.order.names

    @property
    def pipe_names(self) -> list[str]:
        """The names of the enabled components."""
        return [entry.name for entry in self.order if entry.enabled]

    @property
    def disabled(self) -> list[str]:
        """The names of the disabled components."""
        return [entry.name for entry in self.order if not entry.enabled]

    @property
    def pipe_factories(self) -> dict[str, str]:
        """The factory of each component."""
        return {entry.name: entry.factory for entry in self.order}

    @property
    def factory_names(self) -> list[str]:
        """The factories that are installed. Nothing is imported."""
        return sorted(registry.names("factories"))

    @property
    def pipe_labels(self) -> dict[str, list[str]]:
        """The labels of each component that has some."""
        labels = {name: getattr(component, "labels", ()) for name, component in self.components}
        return {name: list(values) for name, values in labels.items() if values}

    @property
    def batch_size(self) -> int:
        """How many documents :meth:`pipe` processes at a time, unless it is told."""
        return int(self._config.get("nlp", {}).get("batch_size", 256))

    @property
    def config(self) -> Config:
        """The config from which this pipeline can be built again, every default written down."""
        config = self._config.copy()
        config["nlp"] = {
            **config.get("nlp", {}),
            "lang": self.lang,
            "pipeline": self.component_names,
            "disabled": self.disabled,
            "batch_size": self.batch_size,
            "tokenizer": self._tokenizer_config,
        }
        config["components"] = {entry.name: entry.config for entry in self.order}
        return config

    # -- components

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
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a component and add it, at the end unless a place is given. Returns it.

        ``config`` overrides the factory's defaults. With ``source``, the component of that name is
        copied, with its weights, from another pipeline.
        """
        name = name or factory_name
        self.order.check_free(name)
        position = self.order.place(before, after, first, last)
        if source is not None:
            entry = saving.copied(self, source, factory_name, name)
        else:
            component, filled = build.create_component(self, factory_name, name, config)
            entry = Entry(name, component, filled)
        self.order.insert(position, entry)
        self.changed()
        return entry.component

    def create_pipe(
        self, factory_name: str, name: str | None = None, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component without adding it."""
        return build.create_component(self, factory_name, name or factory_name, config)[0]

    def get_pipe(self, name: str) -> Any:
        """The component of that name."""
        return self.order[name].component

    def has_pipe(self, name: str) -> bool:
        """Whether there is an enabled component of that name."""
        return name in self.pipe_names

    def remove_pipe(self, name: str) -> tuple[str, Any]:
        """Take a component out and return it with its name."""
        entry = self.order.remove(name)
        self.changed()
        return entry.name, entry.component

    def rename_pipe(self, old_name: str, new_name: str) -> None:
        """Give a component another name. Listeners that name it follow."""
        component = self.order[old_name].component
        self.order.rename(old_name, new_name)
        if hasattr(component, "name"):
            component.name = new_name
        saving.rename_upstream(self, old_name, new_name)
        self.changed()

    def replace_pipe(
        self, name: str, factory_name: str, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component and put it in the place of another. Returns it."""
        enabled = self.order[name].enabled
        component, filled = build.create_component(self, factory_name, name, config)
        self.order.replace(name, Entry(name, component, filled, enabled))
        self.changed()
        return component

    def disable_pipe(self, name: str) -> None:
        """Keep a component without running it."""
        self.order.enable(name, False)
        self.changed()

    def enable_pipe(self, name: str) -> None:
        """Run a component again."""
        self.order.enable(name, True)
        self.changed()

    @contextmanager
    def select_pipes(
        self, *, disable: str | Iterable[str] = (), enable: str | Iterable[str] | None = None
    ) -> Iterator[list[str]]:
        """Disable components, or all but those in ``enable``, inside a ``with`` block; yields the
        names of those disabled."""
        off = [disable] if isinstance(disable, str) else list(disable)
        for name in off:
            self.order.index(name)
        if enable is not None:
            keep = [enable] if isinstance(enable, str) else list(enable)
            for name in keep:
                self.order.index(name)
            off += [name for name in self.component_names if name not in keep]
        off = [name for name in dict.fromkeys(off) if self.order[name].enabled]
        for name in off:
            self.disable_pipe(name)
        try:
            yield off
        finally:
            for name in off:
                if name in self.order:
                    self.enable_pipe(name)

    def changed(self) -> None:
        """Say that components were added, removed or given their size: links are made anew."""
        self._assembled = False

    def assemble(self) -> None:
        """Link listeners to their encoders, if anything changed since. Raises
        :class:`PipelineError`, naming both ends, where one is missing or doesn't fit."""
        if not self._assembled:
            wire(self.order)
            self._active = active_encoders(self.order)
            self._check_disabled()
            self._assembled = True

    def _check_disabled(self) -> None:
        for name in self._active:
            if not self.order[name].enabled:
                users = [
                    entry.name
                    for entry in self.order
                    if entry.enabled
                    and any(up.name == name for up in getattr(entry.component, "upstream", ()))
                ]
                raise PipelineError(
                    f"'{name}' is disabled, but {', '.join(users)} listens to it: disable that "
                    f"too, or enable '{name}'"
                )

    # -- running

    def make_doc(self, text: str) -> Doc:
        """The tokens of ``text``, without annotation."""
        doc: Doc = self.tokenizer(text)
        return doc

    def __call__(self, text: str | Doc, *, disable: Collection[str] = ()) -> Doc:
        """Annotate one text."""
        doc = text if isinstance(text, Doc) else self.make_doc(text)
        return self.annotate_batch(Batch((doc,)), disable=disable)[0]

    @overload
    def pipe(
        self,
        texts: Iterable[str | Doc],
        *,
        batch_size: int | None = ...,
        disable: Collection[str] = ...,
    ) -> Iterator[Doc]: ...

    @overload
    def pipe(
        self,
        texts: Iterable[tuple[str | Doc, Any]],
        *,
        as_tuples: bool,
        batch_size: int | None = ...,
        disable: Collection[str] = ...,
    ) -> Iterator[tuple[Doc, Any]]: ...

    def pipe(
        self,
        texts: Iterable[Any],
        *,
        as_tuples: bool = False,
        batch_size: int | None = None,
        disable: Collection[str] = (),
    ) -> Iterator[Any]:
        """Annotate a stream of texts in batches, in order; much faster than one by one.

        With ``as_tuples``, the stream holds ``(text, context)`` and so does the result. Where a
        batch fails, its documents are tried one by one, and each that fails goes to the error
        handler (see :meth:`set_error_handler`) and is left out of the result.
        """
        size = batch_size or self.batch_size
        for group in minibatch(texts, size):
            self.vocab.renew()  # where its memory is bounded
            if as_tuples:
                contexts = [context for _, context in group]
                group = [text for text, _ in group]
            else:
                contexts = [None] * len(group)
            for doc, context in self._annotated(group, contexts, disable):
                yield (doc, context) if as_tuples else doc

    def _annotated(
        self, texts: Sequence[str | Doc], contexts: Sequence[Any], disable: Collection[str]
    ) -> Iterator[tuple[Doc, Any]]:
        try:
            batch = self.annotate_batch(self._tokenized(texts), disable=disable)
        except Exception:
            if self._handler is raise_error:
                raise
            for text, context in zip(texts, contexts):
                yield from self._one_by_one(text, context, disable)
        else:
            yield from zip(batch, contexts)

    def _one_by_one(
        self, text: str | Doc, context: Any, disable: Collection[str]
    ) -> Iterator[tuple[Doc, Any]]:
        name, component, docs = "tokenizer", self.tokenizer, list[Doc]()
        try:
            batch = self._tokenized([text])
            docs = list(batch)
            self.assemble()
            for entry in self._running(disable):
                name, component = entry.name, entry.component
                batch = self.apply(entry, batch)
        except Exception as error:
            self._handler(name, component, docs, error)
        else:
            yield batch[0], context

    def _tokenized(self, texts: Sequence[str | Doc]) -> Batch:
        if all(isinstance(text, str) for text in texts) and hasattr(self.tokenizer, "batch"):
            return Batch(self.tokenizer.batch(texts))
        return Batch(text if isinstance(text, Doc) else self.make_doc(text) for text in texts)

    def annotate_batch(self, batch: Batch, *, disable: Collection[str] = ()) -> Batch:
        """Run the enabled components on a batch. Returns it, or a new one where a component
        returned other documents."""
        self.assemble()
        for entry in self._running(disable):
            batch = self.apply(entry, batch)
        return batch

    def _running(self, disable: Collection[str]) -> list[Entry]:
        """The entries that run: enabled ones, without encoders that nobody listens to."""
        active = self._active
        if disable:
            kept = (entry for entry in self.order if entry.name not in disable)
            active = active_encoders(kept)
        return [
            entry
            for entry in self.order
            if entry.enabled
            and entry.name not in disable
            and (entry.name in active or not getattr(entry.component, "idle_alone", False))
        ]

    def apply(self, entry: Entry, batch: Batch) -> Batch:
        """Run one component on a batch."""
        component = entry.component
        if hasattr(component, "annotate"):
            if getattr(component, "upstream", ()):
                component.ready(batch)
            component.annotate(batch)
            return batch
        before = [doc.rows for doc in batch]
        docs = [component(doc) for doc in batch]
        for doc in docs:
            if not isinstance(doc, Doc):
                raise PipelineError(
                    f"the component '{entry.name}' returned {type(doc).__name__}: it must return "
                    f"the Doc"
                )
        same = all(doc is old and doc.rows is rows for doc, old, rows in zip(docs, batch, before))
        # New tokens: features computed before don't fit any more, and are computed anew on demand.
        return batch if same else Batch(docs)

    def set_error_handler(self, handler: ErrorHandler) -> None:
        """Let ``handler(name, component, docs, error)`` decide on documents that fail in
        :meth:`pipe`. The default raises the error."""
        self._handler = handler

    # -- learning

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]] | None = None,
        *,
        sgd: Optimizer | None = None,
    ) -> Optimizer:
        """Read labels and shapes from the examples, and allocate all weights. Returns the
        optimizer."""
        learning.initialize(self, get_examples or self._placeholder)
        return sgd if sgd is not None else self.create_optimizer()

    def _placeholder(self) -> Iterable[Example]:
        from ..example import Example

        doc = Doc(self.vocab, words=["One", "sentence", "."])
        return [Example(doc, doc.copy())]

    def create_optimizer(self) -> Optimizer:
        """The optimizer of ``[training.optimizer]``."""
        optimizer: Optimizer = self.resolve("training.optimizer")
        return optimizer

    def resolve(self, section: str) -> Any:
        """A section of the config, by its dotted path, with its blocks turned into objects."""
        return resolve_section(self.config, section)

    def update(
        self,
        examples: Sequence[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
        exclude: Collection[str] = (),
        annotates: Collection[str] = (),
    ) -> dict[str, float]:
        """One update on one batch; see :func:`wordloom.pipeline.learning.update`."""
        return learning.update(
            self,
            examples,
            drop=drop,
            sgd=sgd,
            losses=losses,
            exclude=exclude,
            annotates=annotates,
        )

    def finish_update(self, sgd: Optimizer, *, exclude: Collection[str] = ()) -> None:
        """Step with the gradients that :meth:`update` added up."""
        for name, component in self.components:
            if name not in exclude and hasattr(component, "finish_update"):
                component.finish_update(sgd)

    def evaluate(
        self, examples: Iterable[Example], *, batch_size: int | None = None
    ) -> dict[str, Any]:
        """Scores on ``examples``; see :func:`wordloom.pipeline.learning.evaluate`."""
        return learning.evaluate(self, examples, batch_size=batch_size)

    @contextmanager
    def use_params(self, params: Mapping[Any, Any] | None) -> Iterator[None]:
        """Use other weights, such as an optimizer's averages, inside a ``with`` block."""
        with ExitStack() as stack:
            for _, component in self.components if params else ():
                model = getattr(component, "model", None)
                if hasattr(model, "use_params"):
                    stack.enter_context(model.use_params(params))
            yield

    # -- saving

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder, whole or not at all; see :mod:`wordloom.pipeline.saving`."""
        saving.to_disk(self, path, exclude=exclude)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read weights and settings from a folder into this pipeline, whose components must be
        those that were saved. :func:`wordloom.load` builds the pipeline as well."""
        saving.from_disk(self, path, exclude=exclude)
        return self

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """All that :meth:`to_disk` writes, as msgpack."""
        return saving.to_bytes(self, exclude=exclude)

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave; components must be those that were saved."""
        saving.from_bytes(self, data, exclude=exclude)
        return self
