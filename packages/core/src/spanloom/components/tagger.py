"""The ``tagger`` component: one fine-grained tag for each token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..plugins.factory import component_defaults
from .classifier import TOKEN_CLASSIFIER_MODEL, TokenClassifier
from .columns import MISSING, aligned, assign, lookup, word_values

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..layers.types import TokenModel
    from ..tokens import Doc
    from ..vocab import Vocab
    from ..vocab.protocols import PipelineLike

__all__ = ["Tagger", "make_tagger"]


class Tagger(TokenClassifier):
    """Sets ``token.tag``.

    A gold tag that begins with ``neg_prefix`` says which tag a token does *not* have. The other
    ``settings`` are those of :class:`TokenClassifier`.
    """

    kind: ClassVar[str] = "tag"

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str = "tagger",
        *,
        neg_prefix: str = "!",
        **settings: Any,
    ) -> None:
        super().__init__(vocab, model, name, **settings)
        self.cfg["neg_prefix"] = neg_prefix

    def _index_labels(self) -> None:
        strings = self.vocab.strings
        self._ids = np.asarray([strings.add(label) for label in self.labels], dtype=np.uint64)
        prefix = self.cfg.get("neg_prefix", "!")
        self._denied = np.asarray(
            [strings.add(prefix + label) for label in self.labels] if prefix else [],
            dtype=np.uint64,
        )

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The tags of the references, without those that only deny a tag."""
        columns = (word_values(example.reference, "TAG") for example in examples)
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
        ids = np.append(self._ids, np.uint64(0))  # which MISSING is the last of
        assign(docs, "TAG", ids[classes], overwrite=self.cfg["overwrite"])


@component_defaults(
    {"model": TOKEN_CLASSIFIER_MODEL, "scorer": {"@scorers": "spanloom.tagger_scorer.v1"}},
    settings_of=Tagger,
    assigns=["token.tag"],
    score_weights={"tag_acc": 1.0},
)
def make_tagger(nlp: PipelineLike, name: str, model: TokenModel, **settings: Any) -> Tagger:
    """Factory of ``tagger``."""
    return Tagger(nlp.vocab, model, name, **settings)
