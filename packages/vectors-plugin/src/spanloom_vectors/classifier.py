"""Labels by similarity to a few examples, without training: one-shot learning with vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from numpy.typing import NDArray

from spanloom.components.base import DocAnnotator
from spanloom.errors import ConfigError, ConfigProblem, PipelineError, SerializationError
from spanloom.io.files import existing, write_text
from spanloom.plugins.factory import component_defaults

from .unit import unit_rows

if TYPE_CHECKING:
    from spanloom import Doc, Example, Pipeline, Vocab
    from spanloom.tokens.batch import Batch

__all__ = ["SimilarityClassifier", "make_similarity_classifier"]


@dataclass(eq=False)
class SimilarityClassifier(DocAnnotator):
    """Scores each label by the cosine of a text and the most similar of the label's examples.

    ``over="doc"`` writes the scores of the whole text to ``doc.cats``; ``over="tokens"`` adds a
    span to ``doc.spans[spans_key]`` for each token whose best label reaches the ``threshold``. A
    text without a vector scores 0. Examples are compared by the mean of their words' vectors.
    """

    vocab: Vocab
    name: str
    make_doc: Callable[[str], Doc]
    _: KW_ONLY
    examples: dict[str, list[str]]
    over: str = "doc"
    threshold: float = 0.5
    spans_key: str = "similar"

    def __post_init__(self) -> None:
        if self.over not in ("doc", "tokens"):
            place = f"components.{self.name}.over"
            problem = ConfigProblem(place, f"'{self.over}' isn't known", "doc or tokens")
            raise ConfigError([problem], f"component '{self.name}'")
        self.examples = {label: list(texts) for label, texts in self.examples.items()}
        self._known: tuple[object, NDArray[np.float32], NDArray[np.int64]] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order in which they were given."""
        return tuple(self.examples)

    def add_examples(self, label: str, texts: Iterable[str]) -> None:
        """Add examples of a label, which may be new."""
        self.examples.setdefault(label, []).extend(texts)
        self._known = None

    def _prototypes(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Unit vectors of all examples, and the label of each."""
        if self.vocab.vectors is None:
            raise PipelineError(
                f"'{self.name}' compares vectors, but the vocab has none: name a table in the "
                "config ([initialize] vectors), or set nlp.vocab.vectors"
            )
        if not any(self.examples.values()):
            raise PipelineError(
                f"'{self.name}' has no examples: add some with add_examples(label, texts)"
            )
        if self._known is None or self._known[0] is not self.vocab.vectors:
            pairs = [(i, text) for i, texts in enumerate(self.examples.values()) for text in texts]
            vectors = np.stack([self.make_doc(text).vector for _, text in pairs])
            owner = np.array([i for i, _ in pairs])
            self._known = (self.vocab.vectors, unit_rows(vectors), owner)
        return self._known[1], self._known[2]

    def predict(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The score of each label, shape ``(n, labels)``, for vectors of shape ``(n, width)``."""
        prototypes, owner = self._prototypes()
        cosines = unit_rows(vectors) @ prototypes.T
        scores = np.full((len(vectors), len(self.labels)), -1.0, dtype=np.float32)
        for label in range(len(self.labels)):
            mine = cosines[:, owner == label]
            if mine.shape[1]:
                scores[:, label] = mine.max(axis=1)
        return scores

    def annotate(self, batch: Batch) -> None:
        """Write the scores or the spans of all documents."""
        if self.over == "doc":
            if batch:
                scores = self.predict(np.stack([doc.vector for doc in batch]))
                for doc, row in zip(batch, scores.tolist()):
                    doc.cats.update(zip(self.labels, row))
            return
        for doc in batch:
            self._mark(doc)

    def _mark(self, doc: Doc) -> None:
        from spanloom.tokens import Span

        found = []
        if len(doc) and self.vocab.vectors is not None:
            vectors, known = self.vocab.vectors.token_vectors(doc)
            scores = self.predict(vectors)
            best = scores.argmax(axis=1)
            good = known & (scores.max(axis=1) >= self.threshold)
            for i in np.flatnonzero(good).tolist():
                found.append(Span(doc, i, i + 1, label=self.labels[int(best[i])]))  # noqa: PERF401
        doc.spans[self.spans_key] = found

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Pipeline | None = None,
        examples: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Take ``examples``; or, if there are none at all, the texts of the training examples that
        have a category."""
        if examples is not None:
            self.examples = {label: list(texts) for label, texts in examples.items()}
        elif not self.examples:
            for example in get_examples():
                for label, value in example.reference.cats.items():
                    if value >= 0.5:
                        self.add_examples(label, [example.reference.text.strip()])
        self._known = None

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The examples, as JSON."""
        return str(srsly.json_dumps(self.examples, indent=2)).encode("utf8")

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave."""
        try:
            saved = srsly.json_loads(bytes_data.decode("utf8"))
            self.examples = {str(label): list(texts) for label, texts in saved.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise SerializationError(
                f"these aren't the examples of a similarity_classifier: {error}"
            ) from error
        self._known = None
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the examples to ``examples.json`` in a folder."""
        write_text(Path(path) / "examples.json", self.to_bytes().decode("utf8"))

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote."""
        return self.from_bytes(existing(Path(path) / "examples.json", "examples").read_bytes())


@component_defaults(
    {"examples": {}}, settings_of=SimilarityClassifier, assigns=["doc.cats", "doc.spans"]
)
def make_similarity_classifier(nlp: Pipeline, name: str, **settings: Any) -> SimilarityClassifier:
    """Factory of :class:`SimilarityClassifier`."""
    return SimilarityClassifier(nlp.vocab, name, nlp.make_doc, **settings)
