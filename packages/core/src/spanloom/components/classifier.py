"""One class for each token: what tagger, morphologizer and sentence recognizer share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..tokens.batch import Batch, FloatsList, flatten
from .base import Scorer
from .columns import MISSING, white_space
from .labels import LabelledComponent
from .tok2vec import TOK2VEC_MODEL

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab import Vocab


__all__ = ["TOKEN_CLASSIFIER_MODEL", "TokenClassifier", "cross_entropy"]

TOKEN_CLASSIFIER_MODEL: dict[str, Any] = {
    "@architectures": "spanloom.Tagger.v2",
    "tok2vec": TOK2VEC_MODEL,
}
"""Default model: an encoder of its own, and a layer over it."""

_TINY = 1e-8


def cross_entropy(
    scores: Any, targets: NDArray[np.int64], *, smoothing: float = 0.0, xp: Any = np
) -> tuple[float, Any]:
    """Cross-entropy of softmax outputs, and its gradient for the layer's input.

    ``scores`` are probabilities, shape ``(n, classes)``; ``targets`` classes, shape ``(n,)``.
    :data:`MISSING` gives neither loss nor gradient; ``MISSING - 1 - c`` says that class ``c`` is
    wrong and nothing more. With ``smoothing`` (label smoothing, Szegedy et al. 2016), the target
    of the true class is ``1 - smoothing`` and the others share the rest. Returns the loss summed
    over the tokens, and an array of the shape of ``scores``.
    """
    targets = xp.asarray(targets)
    n, classes = scores.shape
    gradient = scores.copy()
    rows = xp.arange(n)
    known = targets >= 0
    denied = targets < MISSING
    gradient[~known] = 0.0
    right = xp.where(known, targets, 0)
    spread = smoothing / (classes - 1) if classes > 1 else 0.0
    if spread:
        gradient[known] -= spread
    gradient[rows[known], right[known]] -= (1.0 - smoothing) - spread
    loss = -xp.log(scores[rows[known], right[known]] + _TINY).sum()
    if denied.any():
        wrong = (MISSING - 1 - targets)[denied]
        chance = scores[rows[denied], wrong]
        # d(-log(1 - p_c))/d(logits) = p_c * (e_c - p) / (1 - p_c)
        ratio = (chance / (1.0 - chance + _TINY))[:, None]
        gradient[denied] = -ratio * scores[denied]
        gradient[rows[denied], wrong] += ratio[:, 0]
        loss -= xp.log(1.0 - chance + _TINY).sum()
    return float(loss), gradient


class TokenClassifier(LabelledComponent):
    """Scores a class for each token from a ``Model[list[Doc], list[Floats2d]]``.

    A subclass says which classes there are (:meth:`read_labels`), which one each token of the
    reference has (:meth:`targets`), and how they are written (:meth:`write`). Without
    ``overwrite``, tokens that have annotation keep it; for ``label_smoothing`` see
    :func:`cross_entropy`. White space is no word: it's neither learnt from nor annotated, unless
    ``white_space``.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str,
        *,
        overwrite: bool = False,
        scorer: Scorer | None = None,
        label_smoothing: float = 0.0,
        white_space: bool = False,
    ) -> None:
        super().__init__(vocab, model, name, scorer)
        self.cfg = {"labels": [], "overwrite": overwrite, "label_smoothing": label_smoothing}
        self.cfg["white_space"] = white_space

    def _left_out(self, docs: Sequence[Doc]) -> NDArray[np.bool_]:
        """Which tokens have no class, flat for all documents."""
        space = white_space(docs)
        return np.zeros_like(space) if self.cfg.get("white_space") else space

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """The class of each token of the predicted documents, flat; see :func:`cross_entropy`."""
        raise NotImplementedError

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Write the classes, flat, on the documents; :data:`MISSING` leaves what a token has."""
        raise NotImplementedError

    # -- component

    def predict(self, docs: Sequence[Doc]) -> NDArray[np.int64]:
        """The best class of each token, flat for all documents, shape ``(n tokens,)``."""
        from ..layers import best_classes

        return best_classes(self.model, self.ready(docs))

    def set_annotations(self, docs: Sequence[Doc], predictions: NDArray[np.int64]) -> None:
        """Write what :meth:`predict` returned."""
        space = self._left_out(docs)
        self.write(docs, np.where(space, MISSING, predictions) if space.any() else predictions)

    def get_loss(self, examples: Sequence[Example], predictions: Any) -> tuple[float, Any]:
        """Cross-entropy over the tokens that have gold annotation."""
        xp = self.model.ops.xp
        scores = flatten(predictions, xp)
        smoothing = float(self.cfg.get("label_smoothing", 0.0))
        targets = self.targets(examples)
        space = self._left_out([example.predicted for example in examples])
        if space.any():
            targets = np.where(space, MISSING, targets)
        loss, gradient = cross_entropy(scores, targets, smoothing=smoothing, xp=xp)
        if isinstance(predictions, FloatsList):
            lengths = predictions.lengths
        else:
            lengths = np.asarray([len(item) for item in predictions])
        return loss, FloatsList(gradient, lengths)

    def _allocate(self, batch: Batch) -> None:
        truth = [self.model.ops.alloc2f(len(doc), len(self.labels)) for doc in batch]
        self.model.initialize(X=batch, Y=truth)
