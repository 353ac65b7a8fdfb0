"""The ``senter`` component: a sentence recognizer that is a token classifier of two classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import PipelineError
from ..examples.alignment import starts_on_words
from ..plugins.factory import component_defaults
from ..scoring.counts import spaces_mask
from .base import Scorer
from .classifier import TOKEN_CLASSIFIER_MODEL, TokenClassifier
from .columns import MISSING, aligned, assign

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab.protocols import PipelineLike

__all__ = ["SentenceRecognizer", "make_senter"]

INSIDE, START = 0, 1


LABELS = ["I", "S"]


class SentenceRecognizer(TokenClassifier):
    """Sets ``token.is_sent_start``: class ``S`` begins a sentence, class ``I`` doesn't. White space
    belongs to the sentence before it, so that one which begins with some begins with its word."""

    kind: ClassVar[str] = "sentence boundary"

    def add_label(self, label: str) -> int:
        """Refused: the classes are fixed."""
        raise PipelineError(f"'{self.name}' takes no labels: its classes are always I and S")

    def _given_labels(self, labels: Any) -> Iterable[Iterable[str]]:
        if list(labels) != LABELS:
            self.add_label(str(labels))
        return [LABELS]

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """Always the same two, if any reference has boundaries."""
        columns = (example.reference.column("SENT_START") for example in examples)
        return LABELS if any(column is not None for column in columns) else []

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """See :class:`TokenClassifier`."""
        starts, known = aligned(examples, "SENT_START")
        parts = np.split(starts, np.cumsum([len(example.predicted) for example in examples])[:-1])
        moved = [starts_on_words(eg.predicted, part) for eg, part in zip(examples, parts)]
        starts = np.concatenate(moved)
        classes = np.where(starts == 1, START, INSIDE)
        return np.where(known & (starts != 0), classes, MISSING).astype(np.int64)

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Set the column ``SENT_START``. The first token of a document always begins one; if it's
        white space, the word that follows doesn't."""
        starts = np.where(classes == START, 1, -1).astype(np.int8)
        at = 0
        for doc in docs:
            if len(doc) and not self.cfg.get("white_space"):
                first = int(np.argmin(spaces_mask(doc)))
                starts[at + first] = -1
            starts[at : at + 1] = 1
            at += len(doc)
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
    white_space: bool = False,
) -> SentenceRecognizer:
    """Factory of ``senter``."""
    settings: dict[str, Any] = {"overwrite": overwrite, "white_space": white_space}
    return SentenceRecognizer(nlp.vocab, model, name, scorer=scorer, **settings)
