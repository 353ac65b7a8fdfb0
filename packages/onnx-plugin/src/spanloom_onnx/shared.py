"""What every component that runs a transformer has in common, whatever computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, cast, get_args

import srsly

from spanloom.components import Encoder
from spanloom.errors import ConfigError, ConfigProblem, DataError, SerializationError
from spanloom.io.files import existing, folder_written, write_bytes
from spanloom.tokens.batch import Batch, Feature

from .annotation_setters import AnnotationSetter, null_annotation_setter
from .cache import OutputCache
from .data import FullTransformerBatch
from .keeping import Keep, kept
from .listener import LISTENS_TO
from .vectors import set_hooks

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["Holder", "TransformerComponent"]

_OWNER = "spanloom-onnx"
_EMPTY = "uninitialized"  # the file of one that has no weights yet
_SUBFOLDER = "model"


class Holder(Protocol):
    """What holds the weights of a transformer, and reads and writes them in a folder."""

    @property
    def loaded(self) -> bool:
        """Whether there are weights."""

    @property
    def width(self) -> int | None:
        """The width of the vectors; ``None`` where it isn't known yet."""

    def save(self, folder: Path) -> None:
        """Write the files."""

    def restore(self, folder: Path) -> None:
        """Read the files."""


class TransformerComponent(Encoder):
    """Holds a ``Model[list[Doc], FullTransformerBatch]`` that others share.

    It writes its output on the batch, where listeners find it, and what ``keep`` says on each
    document, as ``doc._.trf_data`` (:class:`~spanloom_onnx.data.TransformerData`, on the CPU): the
    last layer (``"last"``), all that the model gives (``"all"``), one vector for each token
    (``"pooled"``), or ``"none"``. ``set_extra_annotations`` is called with the documents and the
    output of each batch.
    """

    provides: ClassVar[str] = LISTENS_TO
    idle_alone: ClassVar[bool] = False  # it annotates documents

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], FullTransformerBatch],
        set_extra_annotations: AnnotationSetter = null_annotation_setter,
        *,
        name: str = "transformer",
        max_batch_items: int = 4096,
        keep: Keep = "last",
        vector_hooks: bool = False,
        cache_megabytes: int = 0,
    ) -> None:
        """``max_batch_items`` is how many word pieces, padding included, go through the model at a
        time. ``vector_hooks`` makes ``.vector`` and ``.similarity`` use the transformer.
        ``cache_megabytes`` is how much output is kept for documents that come again, as in training
        with the transformer frozen; any change of the weights empties it. A model of one's own,
        without ``get_spans``, isn't cached.
        """
        if keep not in get_args(Keep):
            known = ", ".join(f'"{each}"' for each in get_args(Keep))
            problem = ConfigProblem(f"components.{name}.keep", f"is {keep!r}", f"use {known}")
            raise ConfigError([problem], source=f"component '{name}'")
        super().__init__(vocab, model, name)
        self.set_extra_annotations = set_extra_annotations
        self.keep: Keep = keep
        self.vector_hooks = vector_hooks
        self.cache = OutputCache(cache_megabytes)
        self.max_batch_items = max_batch_items
        vocab.extensions.declare("doc", "trf_data", owner=_OWNER, default=None)

    @property
    def max_batch_items(self) -> int:
        """Word pieces, padding included, that go through the model at a time."""
        return int(self.model.attrs.get("max_batch_items", 0))

    @max_batch_items.setter
    def max_batch_items(self, value: int) -> None:
        self.model.attrs["max_batch_items"] = value

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Run the model in inference mode, unless it ran on this batch, and set annotation."""
        if self.name in batch.features:
            return
        values = self.predict(batch)
        batch.features[self.name] = self.feature_of(values)
        self.set_annotations(batch, values)

    def predict(self, docs: Sequence[Doc]) -> FullTransformerBatch:
        """The output for ``docs``, without setting anything on them."""
        get_spans = self.model.attrs.get("get_spans")
        if self.cache.size and len(docs) and get_spans is not None:
            return self.cache.through(docs, get_spans, self.model.predict, self.model.ops)
        return cast(FullTransformerBatch, self.model.predict(Batch.of(docs)))

    def feature_of(self, values: Any, backward: Callable[[Any], Any] | None = None) -> Feature:
        """The feature, whose gradient is that of the rows of the last layer."""
        if backward is None:
            return Feature(self.name, values)
        return Feature(self.name, values, lambda flat: backward(values.like(flat)))

    @property
    def keeps(self) -> bool:
        """Whether documents keep what listeners take: with ``keep`` as ``"last"`` or ``"all"``."""
        return self.keep in ("last", "all")

    def kept(self, docs: Sequence[Doc]) -> Feature:
        """The feature of documents that have ``doc._.trf_data`` of this width and of their text.
        Raises :class:`DataError` where one hasn't."""
        for number, doc in enumerate(docs):
            data = doc._.trf_data
            if data is None or data.pooled or data.width != self.width or not data.fits(doc):
                raise DataError(
                    f"'{self.name}' is disabled, and document {number} ({doc.text[:40]!r}) has no "
                    f"output of it: run '{self.name}' on it first, or enable it"
                )
        asarray: Any = self.model.ops.asarray2f
        return self.feature_of(FullTransformerBatch.of([doc._.trf_data for doc in docs], asarray))

    def set_annotations(self, docs: Sequence[Doc], predictions: FullTransformerBatch) -> None:
        """Set ``doc._.trf_data`` as ``keep`` says, and whatever the setter sets."""
        if isinstance(docs, Batch):
            docs.features.setdefault(self.name, self.feature_of(predictions))
        if self.keep != "none":
            for doc, data in zip(docs, kept(predictions, self.keep, self.model.ops)):
                data.text_length = len(doc.text)
                doc._.trf_data = data
                if self.vector_hooks:
                    set_hooks(doc)
        self.set_extra_annotations(docs, predictions)

    # -- saving

    @property
    def holder(self) -> Holder | None:
        """What holds the weights; ``None`` for a model of one's own kind."""
        return None

    def loaded(self) -> None:
        """What is done once weights were read. Raises :class:`SerializationError` for those of
        another width than the config's."""
        self.cache.clear()
        width = self.holder.width if self.holder is not None else None
        if width is None:
            return
        if self.model.has_dim("nO") and self.model.get_dim("nO") != width:
            raise SerializationError(
                f"'{self.name}' was saved with vectors of width {width}, but the model that its "
                f"config names has width {self.model.get_dim('nO')}"
            )
        self.model.set_dim("nO", width)

    def take(self, cfg: Any, weights: bytes | Mapping[str, Any], source: str) -> None:
        """See :meth:`~spanloom.components.TrainableComponent.take`."""
        super().take(cfg, weights, source)
        if self.holder is not None and self.holder.loaded:
            self.loaded()

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with ``cfg`` and the model: a folder ``model`` with the files of what
        holds the weights (:attr:`holder`), or a file of thinc's for a model of one's own."""
        holder = self.holder
        if holder is None:
            super().to_disk(path, exclude=exclude)
            return
        with folder_written(path, ["cfg"]) as folder:
            write_bytes(folder / "cfg", srsly.json_dumps(self.cfg, indent=2).encode("utf8"))
            if not holder.loaded:
                write_bytes(folder / _EMPTY, b"")
                return
            (folder / _SUBFOLDER).mkdir()
            holder.save(folder / _SUBFOLDER)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote. Opens no connection."""
        holder = self.holder
        if holder is None:
            super().from_disk(path, exclude=exclude)
            return self
        folder = existing(path, f"saved '{self.name}'")
        self.cfg = srsly.read_json(existing(folder / "cfg", f"settings of '{self.name}'"))
        if (folder / _EMPTY).exists():
            return self
        weights = existing(folder / _SUBFOLDER, f"saved transformer of '{self.name}'")
        if not weights.is_dir():
            raise SerializationError(
                f"'{weights}' must be a folder with the transformer of '{self.name}': was the "
                "pipeline saved by another library?"
            )
        holder.restore(weights)
        self.loaded()
        return self
