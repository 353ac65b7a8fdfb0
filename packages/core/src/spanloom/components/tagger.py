"""The ``tagger`` component: one fine-grained tag for each token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..plugins.factory import component_defaults
from .base import Scorer
from .classifier import MISSING, TokenClassifier, aligned, assign, lookup

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab import Vocab
    from ..vocab.protocols import PipelineLike

__all__ = ["Tagger", "make_tagger"]

TAGGER_MODEL: dict[str, Any] = {
    "@architectures": "spanloom.Tagger.v2",
    "tok2vec": {
        "@architectures": "spanloom.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    },
}
"""Default model of the token classifiers: an encoder of their own."""


class Tagger(TokenClassifier):
    """Sets ``token.tag``.

    A gold tag that begins with ``neg_prefix`` says which tag a token does *not* have.
    """

    kind: ClassVar[str] = "tag"

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str = "tagger",
        *,
        overwrite: bool = False,
        scorer: Scorer | None = None,
        neg_prefix: str = "!",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            vocab,
            model,
            name,
            overwrite=overwrite,
            scorer=scorer,
            label_smoothing=label_smoothing,
        )
        self.cfg["neg_prefix"] = neg_prefix

    def _set_labels(self, labels: Iterable[str]) -> None:
        super()._set_labels(labels)
        strings = self.vocab.strings
        self._ids = np.asarray([strings.add(label) for label in self.labels], dtype=np.uint64)
        prefix = self.cfg.get("neg_prefix", "!")
        self._denied = np.asarray(
            [strings.add(prefix + label) for label in self.labels] if prefix else [],
            dtype=np.uint64,
        )

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The tags of the references, without those that only deny a tag."""
        columns = (example.reference.column("TAG") for example in examples)
        ids = {int(tag) for column in columns if column is not None for tag in np.unique(column)}
        names = (self.vocab.strings[tag] for tag in ids if tag)
        prefix = self.cfg["neg_prefix"]
        return sorted({name.removeprefix(prefix) if prefix else name for name in names})

    def targets(self, examples: Sequence[Example]) -> NDArray[np.int64]:
        """See :class:`TokenClassifier`. Tags that training never saw count as missing."""
        tags, known = aligned(examples, "TAG")
        classes = lookup(self._ids, tags)
        if len(self._denied):
            denied = lookup(self._denied, tags)
            classes = np.where(denied >= 0, MISSING - 1 - denied, classes)
        return np.where(known, classes, MISSING)

    def write(self, docs: Sequence[Doc], classes: NDArray[np.int64]) -> None:
        """Set the column ``TAG``."""
        assign(docs, "TAG", self._ids[classes], overwrite=self.cfg["overwrite"])


@component_defaults(
    {"model": TAGGER_MODEL, "scorer": {"@scorers": "spanloom.tagger_scorer.v1"}},
    assigns=["token.tag"],
    score_weights={"tag_acc": 1.0},
)
def make_tagger(
    nlp: PipelineLike,
    name: str,
    model: TokenModel,
    overwrite: bool = False,
    scorer: Scorer | None = None,
    neg_prefix: str = "!",
    label_smoothing: float = 0.0,
) -> Tagger:
    """Factory of ``tagger``."""
    return Tagger(
        nlp.vocab,
        model,
        name,
        overwrite=overwrite,
        scorer=scorer,
        neg_prefix=neg_prefix,
        label_smoothing=label_smoothing,
    )
