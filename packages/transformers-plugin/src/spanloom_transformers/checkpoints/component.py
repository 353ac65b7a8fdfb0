"""What components over a whole model of Hugging Face have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray

from spanloom.components.base import DocAnnotator
from spanloom.errors import ConfigError, ConfigProblem, SerializationError
from spanloom.io.files import existing, folder_written
from spanloom_onnx.sequences import Limits, Sequences, make_sequences
from spanloom_onnx.span_getters import get_doc_spans

from ..settings import Settings
from ..shim import TransformerShim

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["CheckpointComponent"]

Floats = NDArray[np.float32]


class CheckpointComponent(DocAnnotator):
    """Holds a model with its head, which is read from its folder when it is first needed, or from
    the saved pipeline. It doesn't learn.

    Texts that the model can't take are cut into windows of word pieces that overlap.
    """

    auto: ClassVar[str]
    """The name of the class of transformers that reads such a model."""

    def __init__(
        self,
        vocab: Vocab,
        model: str,
        *,
        name: str,
        window: int | None = None,
        overlap: float = 0.25,
        max_batch_items: int = 4096,
        mixed_precision: bool | Literal["bf16", "fp16"] = False,
        device: str = "",
    ) -> None:
        """``model`` is a folder with a model of Hugging Face, or the name of one on the hub; the
        other settings are those of :class:`~spanloom_transformers.settings.Settings` and of the
        component ``transformer``."""
        self.vocab = vocab
        self.name = name
        self.max_batch_items = max_batch_items
        settings = Settings(
            model, window=window, overlap=overlap, mixed_precision=mixed_precision, device=device
        )
        self._shim = TransformerShim(settings, head=self.auto)

    @property
    def shim(self) -> TransformerShim:
        """What holds the model; it is read if it wasn't. Raises :class:`ConfigError` where it
        can't be, or has no such head."""
        if not self._shim.loaded:
            self._shim.load()
            self.check(self._shim.module.config)
        return self._shim

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the model, in its order."""
        names = self.shim.module.config.id2label
        return tuple(str(names[i]) for i in range(len(names)))

    def check(self, config: Any) -> None:
        """Raise :class:`ConfigError` for a model that this component can't use."""

    def initialize(self, get_examples: Any = None, *, nlp: Any = None, labels: Any = None) -> None:
        """Read the model, unless that is done."""
        self.shim  # noqa: B018

    def sequences(self, docs: Sequence[Doc]) -> Sequences:
        """The windows of documents."""
        shim = self.shim
        limits = Limits(shim.limit, shim.settings.overlap)
        return make_sequences(docs, get_doc_spans(docs), shim.tokenizer, limits)

    # -- saving

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The files of the model as msgpack."""
        return self.shim.to_bytes()

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave."""
        self._shim.from_bytes(bytes_data)
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder ``model`` as transformers writes it."""
        shim = self.shim
        with folder_written(path) as folder:
            (folder / "model").mkdir()
            shim.save(folder / "model")

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote. Opens no connection."""
        folder = existing(Path(path) / "model", f"saved model of '{self.name}'")
        if not folder.is_dir():
            raise SerializationError(f"'{folder}' must be a folder with the model of '{self.name}'")
        self._shim.restore(folder)
        self.check(self._shim.module.config)
        return self


def softmax(scores: torch.Tensor) -> Floats:
    """Probabilities by row, on the CPU."""
    found: Floats = torch.softmax(scores, dim=-1).cpu().numpy()
    return found


def wrong_setting(name: str, setting: str, value: object, cure: str) -> ConfigError:
    """The error for a setting of a component."""
    problem = ConfigProblem(f"components.{name}.{setting}", f"is {value!r}", cure)
    return ConfigError([problem], source=f"component '{name}'")
