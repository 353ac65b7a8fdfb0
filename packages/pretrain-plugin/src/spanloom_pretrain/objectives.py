"""Objectives: cloze tasks whose answers are the ends of words, or their vectors.

Predicting which word is missing needs an output for every word; both answers stand for the word
well enough, and cost little: "language modelling with approximate outputs" (LMAO) is spaCy's name
for it. Masking is that of Devlin et al. (2018). Only masked words are predicted, so the layers
above the encoder are computed for these alone.

An objective is a function from a vocab and an encoder to a
:class:`~.task.PretrainingTask`; a maker of objectives that a config names
stands in the registry ``architectures`` (or ``objectives``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Linear, Maxout, Model, set_dropout_rate, zero_init

from spanloom import Batch, Doc
from spanloom.errors import ConfigError, ConfigProblem, PipelineError
from spanloom.layers.character_embed import byte_columns
from spanloom.layers.dense import DenseBlock, add_gradient
from spanloom.layers.flat import unwrap

from .losses import byte_loss, vector_loss
from .masking import Masked, mask_words
from .settings import Objective

if TYPE_CHECKING:
    from spanloom import Vocab
    from spanloom.vocab.vectors import VectorTable

__all__ = ["ClozeTask", "PretrainCharacters", "PretrainVectors"]

Array = Any
Targets = tuple[NDArray[np.int64], Array]
"""Which of the masked words have an answer, and the answers."""


def PretrainCharacters(
    maxout_pieces: int = 3, hidden_size: int = 300, n_characters: int = 4, mask_share: float = 0.15
) -> Objective:
    """Predict the first and the last ``n_characters`` UTF-8 bytes of each masked word.

    A word's bytes are taken from its ends inwards; one that has fewer than twice as many bytes is
    predicted to end there. ``hidden_size`` and ``maxout_pieces`` are those of the layer above the
    encoder, which isn't kept; ``mask_share`` of the words are masked. Raises
    :class:`ConfigError` for sizes that can't be.
    """
    _check("PretrainCharacters", mask_share, maxout_pieces, hidden_size, n_characters)
    places = 2 * n_characters

    def make(vocab: Vocab, encoder: Model[Any, Any]) -> ClozeTask:  # noqa: ARG001
        def targets(masked: Masked) -> Targets:
            words, inverse = np.unique(masked.rows, return_inverse=True)
            columns = byte_columns(masked.lexicon.texts_of(words), places)
            return np.arange(len(masked.rows)), columns[inverse].astype(np.int64)

        head = _Head(encoder.get_dim("nO"), hidden_size, maxout_pieces, 256 * places, zero_init)
        return ClozeTask(encoder, head, targets, byte_loss, mask_share)

    return make


def PretrainVectors(
    maxout_pieces: int = 3, hidden_size: int = 300, loss: str = "cosine", mask_share: float = 0.15
) -> Objective:
    """Predict the vector of each masked word that has one, from the vocab's table.

    The table's vectors are scaled to length 1; ``loss`` is ``"cosine"`` or ``"L2"``. The other
    arguments are those of :func:`PretrainCharacters`. Raises :class:`ConfigError` for values that
    can't be, and :class:`PipelineError` if the vocab has no vectors.
    """
    _check("PretrainVectors", mask_share, maxout_pieces, hidden_size)
    measure = vector_loss(loss)

    def make(vocab: Vocab, encoder: Model[Any, Any]) -> ClozeTask:
        table = _table(vocab)

        def targets(masked: Masked) -> Targets:
            words, inverse = np.unique(masked.rows, return_inverse=True)
            vectors = table.vectors_for(masked.lexicon.texts_of(words))
            norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
            known = np.flatnonzero((norms > 0)[inverse])
            units = vectors / np.maximum(norms, 1e-8)[:, None]
            return known, units[inverse[known]]

        head = _Head(encoder.get_dim("nO"), hidden_size, maxout_pieces, table.width)
        return ClozeTask(encoder, head, targets, measure, mask_share)

    return make


def _table(vocab: Vocab) -> VectorTable:
    if vocab.vectors is None:
        raise PipelineError(
            "PretrainVectors predicts word vectors, but the vocab has none: name a table with "
            "--paths.vectors or in [initialize] vectors. Tables are read by the package "
            "spanloom-vectors (pip install spanloom-vectors)."
        )
    return vocab.vectors


def _check(source: str, mask_share: float, *sizes: int) -> None:
    problems = []
    if not 0 < mask_share < 1:
        problems.append(ConfigProblem("mask_share", f"is {mask_share}, but must be in (0, 1)"))
    if min(sizes) < 1:
        problems.append(ConfigProblem("sizes", f"{min(sizes)} can't be", "give 1 or more"))
    if problems:
        raise ConfigError(problems, source=source)


class _Head:
    """Maxout with layer normalisation, then a linear layer."""

    def __init__(self, width: int, hidden: int, pieces: int, size: int, init_W: Any = None) -> None:
        maxout: Model[Any, Any] = Maxout(hidden, width, nP=pieces, normalize=True, dropout=0.0)
        options = {} if init_W is None else {"init_W": init_W}
        self.output: Model[Any, Any] = Linear(size, hidden, **options)
        self.layers = [maxout, self.output]
        for layer in self.layers:
            layer.initialize()
        self.block = DenseBlock(maxout)

    def predict(self, X: Array) -> Array:
        scores = self.output.ops.xp.matmul(self.block.predict(X), self.output.get_param("W").T)
        scores += self.output.get_param("b")
        return scores

    def begin(self, X: Array) -> tuple[Array, Callable[[Array], Array]]:
        xp = self.output.ops.xp
        H, backprop_block = self.block.begin(X)
        W: Array = self.output.get_param("W")
        scores = xp.matmul(H, W.T)
        scores += self.output.get_param("b")

        def backprop(d_scores: Array) -> Array:
            add_gradient(self.output, "b", d_scores.sum(axis=0))
            add_gradient(self.output, "W", xp.matmul(d_scores.T, H))
            return backprop_block(xp.matmul(d_scores, W))

        return scores, backprop


class ClozeTask:
    """An encoder, and the layers above it that guess what was masked."""

    def __init__(
        self,
        encoder: Model[Any, Any],
        head: _Head,
        targets: Callable[[Masked], Targets],
        loss: Callable[[Array, Array, Any], tuple[float, Array]],
        mask_share: float,
    ) -> None:
        self.encoder = encoder
        self.model: Model[Any, Any] = Model("cloze", _forward, layers=[encoder, *head.layers])
        self.mask_share = mask_share
        self._head = head
        self._targets = targets
        self._loss = loss

    def update(
        self, docs: Sequence[Doc], rng: np.random.Generator, drop: float = 0.0
    ) -> tuple[float, int]:
        """See :class:`~.task.PretrainingTask`."""
        set_dropout_rate(self.encoder, drop)
        masked = mask_words(docs, rng, self.mask_share)
        places, answers = self._answers(masked)
        if not len(places):
            return 0.0, 0
        Ys, backprop = self.encoder.begin_update(masked.batch)
        xp = self.encoder.ops.xp
        flat, _, wrap = unwrap(Ys, self.encoder.ops)
        scores, backprop_head = self._head.begin(flat[places])
        loss, d_scores = self._loss(scores, answers, xp)
        d_scores /= len(places)
        d_flat = xp.zeros_like(flat)
        d_flat[places] = backprop_head(d_scores)
        backprop(wrap(d_flat))
        return loss, len(places)

    def evaluate(self, docs: Sequence[Doc], rng: np.random.Generator) -> tuple[float, int]:
        """See :class:`~.task.PretrainingTask`."""
        masked = mask_words(docs, rng, self.mask_share)
        places, answers = self._answers(masked)
        if not len(places):
            return 0.0, 0
        flat = unwrap(self.encoder.predict(masked.batch), self.encoder.ops)[0]
        scores = self._head.predict(flat[places])
        return self._loss(scores, answers, self.encoder.ops.xp)[0], len(places)

    def _answers(self, masked: Masked) -> tuple[Array, Array]:
        xp = self.encoder.ops.xp
        known, answers = self._targets(masked)
        return xp.asarray(masked.places[known]), xp.asarray(answers)


def _forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[Array, Callable[[Array], Any]]:
    """Scores of all words, shape ``(n, outputs)``; nothing is masked."""
    encoder, *head = model.layers
    Ys, backprop_encoder = encoder(Batch.of(docs), is_train)
    flat, _, wrap = unwrap(Ys, model.ops)
    hidden, backprop_hidden = head[0](flat, is_train)
    scores, backprop_scores = head[1](hidden, is_train)
    return scores, lambda d: backprop_encoder(wrap(backprop_hidden(backprop_scores(d))))
