"""The component ``sklearn_textcat``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier

from spanloom.errors import PipelineError, SerializationError
from spanloom.io.files import existing, write_bytes
from spanloom.plugins.factory import component_defaults

if TYPE_CHECKING:
    from spanloom import Doc, Example, Pipeline

__all__ = ["SklearnTextcat", "make_sklearn_textcat"]


class SklearnTextcat:
    """Writes ``doc.cats``: a probability for each label; they sum to 1.

    Scikit-learn's models know ``partial_fit``, which fits one `update` for each batch. What was
    learnt is two arrays, so saving needs no pickle.
    """

    def __init__(self, name: str, features: int, scorer: Any = None) -> None:
        self.name = name
        self.scorer = scorer
        self.labels: list[str] = []
        self._vectorize = HashingVectorizer(
            n_features=features, analyzer="char_wb", ngram_range=(1, 3)
        ).transform
        self._model = SGDClassifier(loss="log_loss", random_state=0)

    # -- running

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document."""
        self.annotate([doc])
        return doc

    def annotate(self, docs: Sequence[Doc]) -> None:
        """Annotate a batch: the pipeline prefers this to one call for each document."""
        if not docs or not hasattr(self._model, "coef_"):
            return
        for doc, chances in zip(docs, self._chances(docs), strict=True):
            doc.cats = dict(zip(self.labels, chances.tolist(), strict=True))

    def _chances(self, docs: Sequence[Doc]) -> Any:
        return self._model.predict_proba(self._vectorize([doc.text for doc in docs]))

    # -- learning

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Pipeline | None = None,
        labels: list[str] | None = None,
    ) -> None:
        """Read the labels. Raises `PipelineError` if there are fewer than two."""
        found = labels or {label for each in get_examples() for label in each.reference.cats}
        self.labels = sorted(found)
        if len(self.labels) < 2:
            raise PipelineError(
                f"'{self.name}' found the categories {self.labels}: it needs two or more in the "
                "training data"
            )

    def update(
        self,
        examples: Sequence[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch; the loss is the mean cross-entropy after it."""
        losses = losses if losses is not None else {}
        known = [example for example in examples if example.reference.cats]
        if known:
            docs = [example.reference for example in known]
            gold = [max(doc.cats, key=doc.cats.__getitem__) for doc in docs]
            classes = np.arange(len(self.labels))
            target = np.asarray([self.labels.index(label) for label in gold])
            self._model.partial_fit(self._vectorize([d.text for d in docs]), target, classes)
            right = self._chances(docs)[np.arange(len(docs)), target]
            loss = float(-np.log(right + 1e-9).mean())
            losses[self.name] = losses.get(self.name, 0.0) + loss
        return losses

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of the categories."""
        return dict(self.scorer(examples)) if self.scorer is not None else {}

    # -- saving

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Labels and weights as msgpack."""
        learnt = hasattr(self._model, "coef_")
        names = ("coef_", "intercept_") if learnt else ()
        weights = {name: getattr(self._model, name) for name in names}
        return bytes(srsly.msgpack_dumps({"labels": self.labels, "weights": weights}))

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what `to_bytes` gave. Raises `SerializationError` if it is something else."""
        try:
            found = srsly.msgpack_loads(data)
            self.labels, weights = list(found["labels"]), found["weights"]
        except Exception as error:
            raise SerializationError(f"the bytes aren't those of '{self.name}': {error}") from error
        for name, value in weights.items():
            setattr(self._model, name, value)
        if weights:
            self._model.classes_ = np.arange(len(self.labels))
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write `to_bytes` to a file."""
        write_bytes(path, self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the file that `to_disk` wrote."""
        return self.from_bytes(existing(path, f"saved '{self.name}'").read_bytes())


@component_defaults(
    {"scorer": {"@scorers": "spanloom.textcat_scorer.v2"}},
    assigns=["doc.cats"],
    score_weights={"cats_score": 1.0},
)
def make_sklearn_textcat(
    nlp: Pipeline,
    name: str,
    features: int = 16384,
    scorer: Callable[[Iterable[Example]], dict[str, Any]] | None = None,
) -> SklearnTextcat:
    """Factory of ``sklearn_textcat``; ``features`` is the number of hashed n-grams."""
    return SklearnTextcat(name, features, scorer)
