"""Encoders of texts, for tables of vectors that are distilled from transformers: each word or text
goes through the model alone, and its vector is pooled from its word pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

import spanloom
from spanloom.errors import ConfigError, ConfigProblem, PipelineError
from spanloom_onnx.align import PieceAlignment
from spanloom_onnx.sequences import Sequences, with_specials

from .encoder import encode
from .model import shim_of
from .pieces import PieceTokenizer
from .settings import Settings
from .shim import TransformerShim

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline

__all__ = ["Pooling", "TextEncoder", "TransformerEncoder"]

Ints = NDArray[np.int64]
Pooling = Literal["all", "first", "pieces"]

#: Characters that are encoded at a time: what the model gives for them is kept until it's pooled.
_CHARACTERS = 1 << 16


def TextEncoder(
    pooling: Pooling = "pieces",
    *,
    device: str = "",
    max_batch_items: int = 4096,
    mixed_precision: bool | str = False,
    tokenizer_config: Mapping[str, Any] | None = None,
    transformer_config: Mapping[str, Any] | None = None,
    trust_remote_code: bool = False,
) -> Callable[[str | Path | Pipeline], TransformerEncoder]:
    """What opens encoders of texts; see :class:`TransformerEncoder`.

    It takes a pipeline with a ``transformer`` (a folder, or loaded), a folder of a model of Hugging
    Face, or its name on the hub; for the last two, the settings are those of
    :func:`~spanloom_transformers.TransformerModel`. ``pooling`` is the mean of a text's word pieces
    (``"pieces"``), that of these and the special ones around them (``"all"``, what most encoders of
    sentences were trained with), or the ``"first"`` piece, which is a special one in BERT and its
    like. Raises :class:`ConfigError` for a model that can't be had, and
    :class:`PipelineError` for a pipeline without a transformer.
    """
    if pooling not in get_args(Pooling):
        known = ", ".join(f'"{each}"' for each in get_args(Pooling))
        raise _problem("pooling", f"is {pooling!r}", f"use {known}")

    def opened(source: str | Path | Pipeline) -> TransformerEncoder:
        if not isinstance(source, (str, Path)):
            if device:
                raise _problem("device", f"is {device!r}", "a pipeline's is in its config")
            return TransformerEncoder(_shim(source), pooling, max_batch_items)
        if (Path(source) / "config.cfg").is_file():
            return opened(spanloom.load(source))
        settings = Settings(
            str(source),
            dict(tokenizer_config or {}),
            dict(transformer_config or {}),
            mixed_precision,
            device=device,
            trust_remote_code=trust_remote_code,
        )
        shim = TransformerShim(settings)
        shim.load()
        return TransformerEncoder(shim, pooling, max_batch_items)

    return opened


def _problem(setting: str, what: str, cure: str) -> ConfigError:
    return ConfigError([ConfigProblem(setting, what, cure)], source="encoder of texts")


def _shim(nlp: Pipeline) -> TransformerShim:
    """What holds the weights of a pipeline's transformer, the first one if there are several."""
    for _, component in nlp.components:
        model = getattr(component, "model", None)
        shim = shim_of(model) if model is not None else None
        if shim is not None:
            return shim
    raise PipelineError(
        "The pipeline has no transformer to encode words with (components: "
        f"{', '.join(nlp.component_names) or 'none'}). Give the name of a Hugging Face model, or a "
        "pipeline with a 'transformer'."
    )


class TransformerEncoder:
    """Encodes each text alone: :class:`spanloom.vocab.encoding.TextEncoder` with a transformer.

    What is longer than the model takes is cut into parts that don't overlap, and its vector is the
    mean over all of them. A text without any piece, such as one of white space, has zeros.
    """

    def __init__(self, shim: TransformerShim, pooling: Pooling, max_batch_items: int) -> None:
        self._shim = shim
        self._pooling = pooling
        self._budget = max_batch_items

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return int(self._shim.module.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, float32 of shape ``(len(texts), width)``, on the CPU."""
        vectors = [np.zeros((0, self.width), dtype=np.float32)]
        vectors += [self._encode(part) for part in _parts(texts)]
        return np.concatenate(vectors)

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        shim = self._shim
        encoded = shim.tokenizer.encode(texts)
        room = shim.limit - len(shim.tokenizer.prefix) - len(shim.tokenizer.suffix)
        lengths, owners = _cut(encoded.lengths, room)
        bounds = encoded.starts, encoded.ends
        pieces = with_specials(encoded.ids, *bounds, lengths, shim.tokenizer)
        starts = np.cumsum(pieces.lengths) - pieces.lengths
        nothing = np.zeros(0, dtype=np.int64)
        sequences = Sequences(
            [], pieces, PieceAlignment(nothing, nothing), nothing, nothing,
            np.arange(len(pieces)), starts, pieces.lengths,
        )  # fmt: skip
        last = encode(shim.runner(self._budget), sequences).last
        rows = _rows(self._pooling, starts, pieces.lengths, shim.tokenizer)
        owner = np.repeat(owners, pieces.lengths)[rows]
        counts = np.bincount(owner, minlength=len(texts))
        total = torch.zeros(len(texts), last.shape[-1], device=last.device)
        index = torch.from_numpy(owner).to(last.device)
        total.index_add_(0, index, last[torch.from_numpy(rows).to(last.device)])
        sums: NDArray[np.float32] = total.cpu().numpy()
        sums /= np.maximum(counts, 1)[:, None].astype(np.float32)
        return sums


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts one after the other, some at a time."""
    ends = np.cumsum([len(text) for text in texts]) // _CHARACTERS
    cuts = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(texts)]
    return (texts[start:end] for start, end in zip(cuts[:-1], cuts[1:]) if end > start)


def _cut(lengths: Ints, room: int) -> tuple[Ints, Ints]:
    """The numbers of pieces of parts that the model can take, and the text that each belongs to."""
    counts = -(-lengths // room)
    owners = np.repeat(np.arange(len(lengths)), counts)
    last = np.cumsum(counts) - 1
    sizes = np.full(len(owners), room, dtype=np.int64)
    some = counts > 0
    sizes[last[some]] = lengths[some] - (counts[some] - 1) * room
    return sizes, owners


def _rows(pooling: Pooling, starts: Ints, lengths: Ints, tokenizer: PieceTokenizer) -> Ints:
    """The rows that count for the vectors of texts, in the order of the texts."""
    if pooling == "first":
        return starts
    every = np.arange(int(lengths.sum()))
    if pooling == "all":
        return every
    place = every - np.repeat(starts, lengths)
    inside = place < np.repeat(lengths - len(tokenizer.suffix), lengths)
    return every[(place >= len(tokenizer.prefix)) & inside]
