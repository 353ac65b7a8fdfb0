"""Masked language modelling over word pieces: the task that a transformer is pretrained by.

Source: Devlin et al. (2018), https://arxiv.org/abs/1810.04805, section 3.1. Of the pieces that
stand for text a share is chosen; of these 80 % become the mask, 10 % another piece, 10 % stay. The
loss is the cross-entropy over the chosen ones alone, so the layers above the encoder are computed
for them only. ``spanloom pretrain`` runs the task through
``spanloom_pretrain.PretrainingTask``, a protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.api import Model
from torch.nn import functional

from spanloom.errors import PipelineError
from spanloom_onnx.sequences import Sequences

from .devices import to_array, to_tensor
from .encoder import Runner, encode, encode_for_training
from .heads import HeadShim, MaskedHead, make_head
from .model import sequences_of, shim_of
from .tuning import usual_scale

if TYPE_CHECKING:
    from spanloom.tokens import Doc

    from .shim import TransformerShim

__all__ = ["MaskedPieces", "MaskedPiecesTask", "mask_pieces", "masked_language_task"]

Ints = NDArray[np.int64]

_HIDDEN = 0.8
_RANDOM = 0.1

#: Chosen pieces whose scores are computed at a time: there is one for each piece of the vocabulary.
_ROWS = 256


@dataclass(frozen=True, slots=True)
class MaskedPieces:
    """What the encoder sees, and what it must guess: ``places`` are rows of the pieces, and
    ``answers`` the ids that stood there, both int64 of shape ``(m,)``."""

    sequences: Sequences
    places: Ints
    answers: Ints


def mask_pieces(
    sequences: Sequences, rng: np.random.Generator, share: float, mask: int, choices: Ints
) -> MaskedPieces:
    """Choose ``share`` of the pieces that stand for text, at least one if there is any, and hide
    them: ``mask`` is the id of the mask, ``choices`` the ids that others are drawn from.
    ``sequences`` aren't changed."""
    pieces = sequences.pieces
    allowed = np.flatnonzero(pieces.ends > pieces.starts)
    places = allowed[rng.random(len(allowed)) < share]
    if not len(places) and len(allowed):
        places = allowed[rng.integers(len(allowed), size=1)]
    answers = pieces.ids[places]
    roll = rng.random(len(places))
    others = choices[rng.integers(len(choices), size=len(places))]
    ids = pieces.ids.copy()
    ids[places] = np.select(
        [roll < _HIDDEN, roll < _HIDDEN + _RANDOM], [np.int64(mask), others], answers
    )
    hidden = replace(pieces, ids=ids, _strings=None)
    return MaskedPieces(replace(sequences, pieces=hidden), places, answers)


def masked_language_task(
    model: Model[Any, Any], name: str, share: float = 0.15
) -> MaskedPiecesTask:
    """The task for ``model``, that of the component ``name``: its pretrained weights are loaded,
    and so are those of the layers above it where its checkpoint has them; else these are drawn.

    Raises :class:`PipelineError` for a model that isn't one of ``TransformerModel``, for one that
    is frozen whole, and for a tokenizer without a mask.
    """
    shim = shim_of(model)
    if shim is None:
        raise PipelineError(
            f"[pretraining] can't pretrain '{name}': its model isn't a TransformerModel, whose "
            f"weights masked language modelling could train"
        )
    model.initialize()
    tokenizer = shim.tokenizer.tokenizer
    if tokenizer.mask_token_id is None:
        raise PipelineError(
            f"[pretraining] can't pretrain '{name}': the tokenizer of '{shim.settings.name}' has "
            f"no mask, as that of a model made to continue texts. Take a model made by masked "
            f"language modelling, such as BERT or RoBERTa, or name the mask: tokenizer_config = "
            f'{{"mask_token": "[MASK]"}}, a piece that its vocabulary must have'
        )
    try:
        table = shim.module.get_input_embeddings().weight
    except NotImplementedError:
        raise PipelineError(
            f"[pretraining] can't pretrain '{name}': '{shim.settings.name}' has no table of pieces"
        ) from None
    if tokenizer.mask_token_id >= len(table):
        raise PipelineError(
            f"[pretraining] can't pretrain '{name}': the mask {tokenizer.mask_token!r} has the id "
            f"{tokenizer.mask_token_id}, and the model has {len(table)} pieces: name a piece of "
            f"its vocabulary as mask_token"
        )
    if not any(parameter.requires_grad for parameter in shim.module.parameters()):
        raise PipelineError(
            f"[pretraining] can't pretrain '{name}': all its weights are frozen, take `freeze` out "
            f"of its model's settings"
        )
    return MaskedPiecesTask(model, shim, share)


class MaskedPiecesTask:
    """A transformer, and the layers above it that guess masked pieces."""

    def __init__(self, encoder: Model[Any, Any], shim: TransformerShim, share: float) -> None:
        """See :func:`masked_language_task`, which checks what is given here."""
        self.encoder = encoder
        self.share = share
        self._shim = shim
        self._head = HeadShim(make_head(shim).to(shim.device), usual_scale(shim.settings))
        above: Model[Any, Any] = Model("masked_pieces_head", _above, shims=[self._head])
        self.model: Model[Any, Any] = Model("masked_pieces", _forward, layers=[encoder, above])
        special = set(shim.tokenizer.tokenizer.all_special_ids)
        every = range(len(shim.module.get_input_embeddings().weight))
        self._choices = np.array([each for each in every if each not in special], dtype=np.int64)

    @property
    def head(self) -> MaskedHead:
        """The layers above the encoder, which aren't kept."""
        return self._head.module

    def mask(self, docs: Sequence[Doc], rng: np.random.Generator) -> MaskedPieces:
        """Documents as sequences with masked pieces."""
        mask = int(self._shim.tokenizer.tokenizer.mask_token_id)
        return mask_pieces(sequences_of(self.encoder, docs), rng, self.share, mask, self._choices)

    def update(
        self, docs: Sequence[Doc], rng: np.random.Generator, drop: float = 0.0
    ) -> tuple[float, int]:
        """See ``spanloom_pretrain.PretrainingTask``. Dropout is the model's own,
        by its config: ``drop`` isn't used."""
        masked = self.mask(docs, rng)
        if not len(masked.places):
            return 0.0, 0
        shim = self._shim
        runner = self._runner()
        scale = shim.scale.start(runner.dtype)
        last, backward = encode_for_training(runner, masked.sequences)
        rows = torch.from_numpy(masked.places).to(shim.device)
        hidden = last[rows].detach().requires_grad_()
        hidden.grad = torch.zeros_like(hidden)
        loss = self._loss(hidden, masked.answers, scale / len(rows))
        gradient = torch.zeros_like(last)
        gradient[rows] = hidden.grad
        backward(gradient)
        self._head.unscale(scale)
        return loss, len(rows)

    def evaluate(self, docs: Sequence[Doc], rng: np.random.Generator) -> tuple[float, int]:
        """See ``spanloom_pretrain.PretrainingTask``."""
        masked = self.mask(docs, rng)
        if not len(masked.places):
            return 0.0, 0
        last = encode(self._runner(), masked.sequences).last
        rows = torch.from_numpy(masked.places).to(self._shim.device)
        return self._loss(last[rows], masked.answers), len(rows)

    def _runner(self) -> Runner:
        return self._shim.runner(int(self.encoder.attrs["max_batch_items"]))

    def _loss(self, hidden: torch.Tensor, answers: Ints, scale: float | None = None) -> float:
        """The sum of the losses. With ``scale``, gradients of ``scale`` times it are added up."""
        table = self._shim.module.get_input_embeddings().weight
        right = torch.from_numpy(answers).to(hidden.device)
        total = 0.0
        with torch.set_grad_enabled(scale is not None):
            for start in range(0, len(hidden), _ROWS):
                scores = self.head(hidden[start : start + _ROWS], table)
                wanted = right[start : start + _ROWS]
                loss = functional.cross_entropy(scores, wanted, reduction="sum")
                total += float(loss.detach())
                if scale is not None:
                    (loss * scale).backward()  # type: ignore[no-untyped-call]
        return total


def _above(
    model: Model[Any, Any], X: tuple[Any, Any], is_train: bool
) -> tuple[Any, Callable[[Any], Any]]:
    """Scores of all pieces of the vocabulary for each vector; gradients come from the task."""
    vectors, table = X
    shim: Any = model.shims[0]
    with torch.no_grad():
        scores = shim.module(to_tensor(vectors, table.device), table)
    return to_array(scores, model.ops), _no_backward


def _forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[Any, Callable[[Any], Any]]:
    """Scores for each row of pieces, shape ``(rows, vocabulary)``; nothing is masked."""
    encoder, above = model.layers
    shim: Any = encoder.shims[0]
    rows = encoder.predict(docs).tensors[-1]
    return above.predict((rows, shim.module.get_input_embeddings().weight)), _no_backward


def _no_backward(_: Any) -> Any:
    raise TypeError("gradients of masked language modelling come from the task's `update`")
