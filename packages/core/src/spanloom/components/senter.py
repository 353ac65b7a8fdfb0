"""The ``senter`` component: a sentence recognizer that is a token classifier of two classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..plugins.factory import component_defaults
from .base import Scorer
from .classifier import MISSING, TOKEN_CLASSIFIER_MODEL, TokenClassifier, aligned, assign

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab.protocols import PipelineLike

__all__ = ["SentenceRecognizer", "make_senter"]

INSIDE, START = 0, 1


class SentenceRecognizer(TokenClassifier):
    """Sets ``token.is_sent_start``: class ``S`` begins a sentence, class ``I`` doesn't."""

    kind: ClassVar[str] = "sentence boundary"

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """Always the same two, if any reference has boundaries."""
        columns = (example.reference.column("SENT_START") for example in examples)
        return ["I", "S"] if any(column is not None for column in columns) else []

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """See :class:`TokenClassifier`."""
        starts, known = aligned(examples, "SENT_START")
        classes = np.where(starts == 1, START, INSIDE)
        return np.where(known & (starts != 0), classes, MISSING).astype(np.int64)

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Set the column ``SENT_START``. The first token of a document always begins one."""
        starts = np.where(classes == START, 1, -1).astype(np.int8)
        lengths = np.fromiter((len(doc) for doc in docs), dtype=np.int64, count=len(docs))
        first = np.cumsum(lengths) - lengths
        starts[first[lengths > 0]] = 1
        assign(docs, "SENT_START", starts, overwrite=self.cfg["overwrite"])


@component_defaults(
    {"model": TOKEN_CLASSIFIER_MODEL, "scorer": {"@scorers": "spanloom.senter_scorer.v1"}},
    assigns=["token.is_sent_start"],
    score_weights={"sents_f": 1.0, "sents_p": 0.0, "sents_r": 0.0},
)
def make_senter(
    nlp: PipelineLike,
    name: str,
    model: TokenModel,
    overwrite: bool = False,
    scorer: Scorer | None = None,
) -> SentenceRecognizer:
    """Factory of ``senter``."""
    return SentenceRecognizer(nlp.vocab, model, name, overwrite=overwrite, scorer=scorer)
