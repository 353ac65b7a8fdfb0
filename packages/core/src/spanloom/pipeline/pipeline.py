"""The pipeline: a tokenizer, and components in order."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..config import Config, default_config
from ..config.resolve import resolve_block, resolve_section
from ..plugins import manager
from ..tokens import Doc
from ..vocab import Vocab
from . import build, learning, saving
from .running import Running

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..examples.example import Example

__all__ = ["Pipeline"]


class Pipeline(Running):
    """Turns text into annotated :class:`~spanloom.tokens.Doc` objects.

    Made by :func:`spanloom.blank`, :func:`spanloom.load` or :meth:`from_config`.
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
        super().__init__()
        self.lang = lang
        self.vocab = vocab if vocab is not None else build.vocab_for(lang)
        self.meta: dict[str, Any] = {"name": "pipeline", "version": "0.0.0", **(meta or {})}
        self._config = Config(config) if config else default_config()
        self._tokenizer_config = dict(tokenizer or {"@tokenizers": "spanloom.Tokenizer.v1"})
        for extension in manager().extensions.extensions.values():
            self.vocab.extensions.declare(
                extension.kind, extension.name, owner=extension.owner, default=extension.default
            )
        self.batch_size = int(self._config.get("nlp", {}).get("batch_size", 256))
        make = resolve_block(self._tokenizer_config, "nlp.tokenizer")
        self.tokenizer: Any = make(self)

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
        out have their defaults. Weights are allocated by :meth:`initialize` or loading.

        ``disable``, ``enable`` and ``exclude`` are those of :func:`spanloom.load`. Raises
        :class:`ConfigError` with everything that is wrong with these sections, and
        :class:`PipelineError` for components that don't fit together.
        """
        return build.from_config(
            config, vocab=vocab, disable=disable, enable=enable, exclude=exclude, meta=meta
        )

    # -- settings

    @property
    def config(self) -> Config:
        """The config from which this pipeline can be built again, every default written down: a
        copy, which changes nothing when it is changed."""
        config = self._config.copy()
        config["nlp"] = {
            **config.get("nlp", {}),
            "lang": self.lang,
            "pipeline": self.component_names,
            "disabled": self.disabled,
            "batch_size": self.batch_size,
            "tokenizer": self._tokenizer_config,
        }
        config["components"] = {entry.name: copy.deepcopy(entry.config) for entry in self.order}
        return config

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
        ``keep``, which have theirs. Those in ``annotates`` annotate the examples for those after
        them, as in :meth:`update`. Returns the optimizer."""
        examples = get_examples or self._placeholder
        learning.initialize(self, examples, keep=keep, annotates=annotates)
        return sgd if sgd is not None else self.create_optimizer()

    def _placeholder(self) -> Iterable[Example]:
        from ..examples.example import Example

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
        """One update on one batch; see :func:`spanloom.pipeline.learning.update`."""
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
        """Scores on ``examples``; see :func:`spanloom.pipeline.learning.evaluate`."""
        return learning.evaluate(self, examples, batch_size=batch_size)

    @contextmanager
    def use_params(self, params: Mapping[Any, Any] | None) -> Iterator[None]:
        """Use other weights, such as an optimizer's averages, inside a ``with`` block."""
        with ExitStack() as stack:
            for _, component in self.components if params else ():
                model: Any = getattr(component, "model", None)
                if hasattr(model, "use_params"):
                    stack.enter_context(model.use_params(params))
            yield

    # -- saving

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder, whole or not at all; see :mod:`spanloom.pipeline.saving`."""
        saving.to_disk(self, path, exclude=exclude)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read weights and settings from a folder into this pipeline, whose components must be
        those that were saved. :func:`spanloom.load` builds the pipeline as well."""
        saving.from_disk(self, path, exclude=exclude)
        return self

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """All that :meth:`to_disk` writes, as msgpack."""
        return saving.to_bytes(self, exclude=exclude)

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave; components must be those that were saved."""
        saving.from_bytes(self, data, exclude=exclude)
        return self
