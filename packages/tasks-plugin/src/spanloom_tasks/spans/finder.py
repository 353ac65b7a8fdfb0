"""The ``span_finder`` component: spans without labels, by where they begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.components.base import GetExamples
from spanloom.errors import DataError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span

from .categorizer import encoder
from .keyed import KeyedSpans

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.layers.types import TextModel
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["SpanFinder", "make_span_finder"]


class SpanFinder(KeyedSpans):
    """Puts the spans that it finds into the group ``spans_key`` of ``doc.spans``: each from a token
    that may begin one to a token that may end one, by scores that reach ``threshold``, of
    ``min_length`` to ``max_length`` tokens.

    It finds more than there are: a component that labels spans (``spancat`` with the suggester
    ``preset_spans_suggester``) chooses among them. The other ``settings`` are those of
    :class:`~spanloom_tasks.spans.keyed.KeyedSpans`. Raises :class:`DataError` for lengths that
    can't be.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: TextModel,
        name: str = "span_finder",
        *,
        threshold: float = 0.5,
        max_length: int | None = None,
        min_length: int | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(vocab, model, name, **settings)
        lengths = [each for each in (min_length, max_length) if each is not None]
        if any(each < 1 for each in lengths) or lengths != sorted(lengths):
            raise DataError(
                f"'{name}': no span has {min_length} (min_length) to {max_length} (max_length) "
                f"tokens. Both 'min_length' and 'max_length' must be 1 or more, or None"
            )
        self.cfg |= {"min_length": min_length, "max_length": max_length, "threshold": threshold}

    def predict(self, docs: Sequence[Doc]) -> NDArray[np.float32]:
        """How likely a span begins and ends with each token, flat for all documents: shape
        ``(n tokens, 2)``."""
        batch = self.ready(docs)
        if not batch.lengths.any():
            return np.zeros((0, 2), dtype=np.float32)
        ops: Any = self.model.ops
        scores: NDArray[np.float32] = ops.to_numpy(self.model.predict(batch))
        return scores

    def set_annotations(self, docs: Sequence[Doc], predictions: NDArray[np.float32]) -> None:
        """Write what :meth:`predict` returned."""
        likely = np.asarray(predictions).reshape(-1, 2) >= self.cfg["threshold"]
        shortest, longest = self.cfg["min_length"] or 1, self.cfg["max_length"]
        offset = 0
        for doc in docs:
            starts, ends = (np.flatnonzero(each) for each in likely[offset : offset + len(doc)].T)
            offset += len(doc)
            first = np.searchsorted(ends, starts + shortest - 1)
            last = np.full(len(starts), len(ends))
            if longest is not None:
                last = np.searchsorted(ends, starts + longest - 1, side="right")
            doc.spans[self.key] = [
                Span(doc, start, end + 1)
                for start, low, high in zip(starts.tolist(), first.tolist(), last.tolist())
                for end in ends[low:high].tolist()
            ]

    def get_loss(self, examples: Sequence[Example], predictions: Any) -> tuple[float, Any]:
        """Squared error of both scores, and its gradient."""
        xp = self.model.ops.xp
        truth, known = (xp.asarray(each) for each in self.targets(examples))
        gradient = (predictions - truth) * known
        return float((gradient**2).sum()), gradient

    def targets(
        self, examples: Sequence[Example]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """With which predicted tokens spans of the references begin and end, and where that is
        known: shapes ``(n tokens, 2)``. It isn't where a token goes over the bound of a span.

        Raises :class:`DataError` if the texts of both documents differ.
        """
        parts = [self._bounds(example) for example in examples]
        nothing = np.zeros((0, 2), dtype=np.float32)
        truth = np.concatenate([each for each, _ in parts] or [nothing])
        return truth, np.concatenate([each for _, each in parts] or [nothing])

    def _bounds(self, example: Example) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        predicted, reference = example.predicted, example.reference
        if predicted.text != reference.text:
            raise DataError(
                f"'{self.name}': the texts must match between reference and predicted document, "
                f"and are {reference.text[:40]!r} and {predicted.text[:40]!r}"
            )
        truth = np.zeros((len(predicted), 2), dtype=np.float32)
        known = np.ones((len(predicted), 2), dtype=np.float32)
        starts, ends = predicted.starts, predicted.ends
        for span in filter(len, reference.spans.get(self.key, ())):
            start, end = span.start_char, span.end_char
            first = int(np.searchsorted(starts, start, side="right")) - 1
            last = int(np.searchsorted(starts, end)) - 1
            for side, token, fits in (
                (0, first, starts[first] == start),
                (1, last, ends[last] == end),
            ):
                if fits:
                    truth[token, side] = 1.0
                else:
                    known[token, side] = 0.0
        return truth, known

    def initialize(
        self, get_examples: GetExamples, *, nlp: PipelineLike | None = None, labels: Any = None
    ) -> None:
        """Allocate the weights. There are no labels."""
        sample = self.sample(get_examples, nlp)
        batch = self.ready([example.x for example in sample])
        truth: Any = self.model.ops.alloc2f(int(batch.lengths.sum()), 2)
        self.model.initialize(X=batch, Y=truth)


@component_defaults(
    {
        "model": {
            "@architectures": "spanloom.SpanFinder.v1",
            "tok2vec": encoder(),
            "scorer": {"@layers": "spanloom.LinearLogistic.v1", "nO": 2},
        },
        "scorer": {"@scorers": "spanloom.span_finder_scorer.v1"},
    },
    settings_of=SpanFinder,
    assigns=["doc.spans"],
    score_weights={"spans_sc_f": 1.0, "spans_sc_p": 0.0, "spans_sc_r": 0.0},
)
def make_span_finder(
    nlp: PipelineLike, name: str, model: TextModel, max_length: int | None = 25, **settings: Any
) -> SpanFinder:
    """Factory of ``span_finder``."""
    return SpanFinder(nlp.vocab, model, name, max_length=max_length, **settings)
