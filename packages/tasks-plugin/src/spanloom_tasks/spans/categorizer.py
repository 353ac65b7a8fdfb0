"""The ``spancat`` and ``spancat_singlelabel`` components: labels of spans, which may overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from spanloom.components.labels import LabelledComponent
from spanloom.errors import PipelineError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span, SpanGroup

from .keyed import KeyedSpans
from .suggesters import Suggester, ngram_suggester

if TYPE_CHECKING:
    from thinc.types import Ragged

    from spanloom.examples.example import Example
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

    from .model import SpansModel

__all__ = ["SpanCategorizer", "make_spancat", "make_spancat_singlelabel"]

F = TypeVar("F", bound=Callable[..., Any])


def encoder() -> dict[str, Any]:
    """The block of the encoder that models of spans have by default."""
    return {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {
            "@architectures": "spanloom.MultiHashEmbed.v2",
            "width": 96,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [5000, 1000, 2500, 1000],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": "spanloom.MaxoutWindowEncoder.v2",
            "width": 96,
            "depth": 4,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }


def _model(scorer: str) -> dict[str, Any]:
    return {
        "@architectures": "spanloom.SpanCategorizer.v1",
        "tok2vec": encoder(),
        "reducer": {"@layers": "spanloom.mean_max_reducer.v1", "hidden_size": 128},
        "scorer": {"@layers": scorer},
    }


class SpanCategorizer(KeyedSpans, LabelledComponent):
    """Puts spans with labels into the group ``spans_key`` of ``doc.spans``, with the score of each
    in ``doc.spans[spans_key].attrs["scores"]``.

    A span that ``suggester`` suggests gets each label whose score reaches ``threshold``, but no
    more than the ``max_positive`` best. With ``max_positive`` 1 it gets its best label, and without
    ``allow_overlap`` spans that share a token with one of a higher score are left out. With
    ``add_negative_label`` there is one more class, for spans without label; ``negative_weight``
    scales what is learnt from these. The other ``settings`` are those of
    :class:`~spanloom_tasks.spans.keyed.KeyedSpans`.

    Raises :class:`PipelineError` for settings that contradict each other.
    """

    kind: ClassVar[str] = "spans"

    def __init__(
        self,
        vocab: Vocab,
        model: SpansModel,
        suggester: Suggester,
        name: str = "spancat",
        *,
        threshold: float | None = 0.5,
        max_positive: int | None = None,
        add_negative_label: bool = False,
        negative_weight: float | None = 1.0,
        allow_overlap: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(vocab, model, name, **settings)
        if not allow_overlap and max_positive is not None and max_positive > 1:
            raise PipelineError(
                f"'{name}': spans with {max_positive} labels overlap themselves: set max_positive "
                f"to 1, or allow_overlap to true"
            )
        self.suggester = suggester
        self.add_negative_label = add_negative_label
        self.cfg |= {
            "labels": [],
            "threshold": threshold,
            "max_positive": max_positive,
            "negative_weight": negative_weight,
            "allow_overlap": allow_overlap,
        }

    @property
    def n_classes(self) -> int:
        """The width of the model's output: the labels, and maybe the one for no label."""
        return len(self.labels) + self.add_negative_label

    def _extend(self, label: str, lists: Iterable[Iterable[str]]) -> None:
        size = self.model.maybe_get_dim("nO")
        if size is not None and self.n_classes >= size:
            raise PipelineError(
                f"'{self.name}' can't take the label '{label}' now: its output has {size} classes. "
                f"Add labels before `nlp.initialize`."
            )
        self._set_labels(*lists)

    def _index_labels(self) -> None:
        self.vocab.strings.ids(self.labels)

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The labels of the spans in the references, in the order of the text."""
        spans = (span for each in examples for span in each.reference.spans.get(self.key, ()))
        return list(dict.fromkeys(span.label_ for span in spans if span.label_))

    # -- running

    def predict(self, docs: Sequence[Doc]) -> tuple[Ragged, NDArray[np.float32]]:
        """The spans that are suggested, and their scores: shape ``(spans, classes)``."""
        batch = self.ready(docs)
        ops: Any = self.model.ops
        spans = self.suggester(batch, ops=ops)
        if not len(spans.dataXd):
            return spans, np.zeros((0, self.n_classes), dtype=np.float32)
        return spans, ops.to_numpy(self.model.predict((batch, spans)))

    def set_annotations(
        self, docs: Sequence[Doc], predictions: tuple[Ragged, NDArray[np.float32]]
    ) -> None:
        """Write what :meth:`predict` returned."""
        for doc, bounds, scores in self._each(docs, *predictions):
            chosen = self._best if self.cfg["max_positive"] == 1 else self._all
            rows, classes = chosen(bounds, scores)
            labels = self.labels
            spans = [
                Span(doc, start, end, label=labels[place])
                for (start, end), place in zip(bounds[rows].tolist(), classes.tolist())
            ]
            attrs = {"scores": scores[rows, classes]}
            doc.spans[self.key] = SpanGroup(doc, name=self.key, attrs=attrs, spans=spans)

    def _each(
        self, docs: Sequence[Doc], spans: Ragged, scores: NDArray[Any]
    ) -> Iterable[tuple[Doc, NDArray[np.int32], NDArray[Any]]]:
        """Each document with the bounds and scores of its spans."""
        ops: Any = self.model.ops
        bounds = ops.to_numpy(spans.dataXd).reshape(-1, 2)
        ends = np.cumsum(ops.to_numpy(spans.lengths)).tolist()
        for doc, start, end in zip(docs, [0, *ends], ends):
            yield doc, bounds[start:end], scores[start:end]

    def _all(
        self, bounds: NDArray[np.int32], scores: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The spans and classes whose score is high enough."""
        scores = scores[:, : len(self.labels)]
        kept = scores >= self.cfg["threshold"]
        if self.cfg["max_positive"] is not None and len(scores):
            ranks = (-scores).argsort(axis=1, kind="stable").argsort(axis=1)
            kept &= ranks < self.cfg["max_positive"]
        rows, classes = np.nonzero(kept)
        return rows, classes

    def _best(
        self, bounds: NDArray[np.int32], scores: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The spans that get their best class."""
        if not len(scores):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        classes = scores.argmax(axis=1)
        best = scores.max(axis=1)
        rows = np.flatnonzero(classes < len(self.labels))
        if self.cfg["threshold"] is not None:
            rows = rows[best[rows] >= self.cfg["threshold"]]
        if not self.cfg["allow_overlap"]:
            rows = _apart(rows[(-best[rows]).argsort(kind="stable")], bounds)
        return rows, classes[rows]

    def set_candidates(self, docs: Sequence[Doc], *, candidates_key: str = "candidates") -> None:
        """Put all spans that are suggested into the group ``candidates_key``."""
        spans = self.suggester(docs, ops=self.model.ops)
        nothing = np.zeros((len(spans.dataXd), 0), dtype=np.float32)
        for doc, bounds, _ in self._each(docs, spans, nothing):
            doc.spans[candidates_key] = [Span(doc, *each) for each in bounds.tolist()]

    # -- learning

    def learn(self, examples: Sequence[Example], batch: Batch) -> float:
        """See :class:`~spanloom.components.TrainableComponent`."""
        spans = self.suggester(batch, ops=self.model.ops)
        if not len(spans.dataXd):
            return 0.0
        scores, backprop = self.model.begin_update((batch, spans))
        loss, gradient = self.get_loss(examples, (spans, scores))
        backprop(gradient)
        return loss

    def get_loss(
        self, examples: Sequence[Example], predictions: tuple[Ragged, Any]
    ) -> tuple[float, Any]:
        """Squared error of the scores, where those of the labels of a span are 1 and others 0; the
        gradient has the shape of the scores."""
        spans, scores = predictions
        xp = self.model.ops.xp
        truth, without = self.targets(examples, spans, scores.shape)
        gradient = scores - xp.asarray(truth)
        weight = self.cfg["negative_weight"]
        if self.add_negative_label and weight is not None and weight != 1.0:
            gradient[xp.asarray(without)] *= weight
        return float((gradient**2).sum()), gradient

    def targets(
        self, examples: Sequence[Example], spans: Ragged, shape: tuple[int, int]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The scores that should be, and which spans have no label."""
        truth = np.zeros(shape, dtype=np.float32)
        places = {label: at for at, label in enumerate(self.labels)}
        docs = [example.predicted for example in examples]
        rows = np.arange(len(truth))
        for example, (_, bounds, at) in zip(examples, self._each(docs, spans, rows)):
            found = dict(zip(map(tuple, bounds.tolist()), at.tolist()))
            gold = example.reference.spans.get(self.key, ())
            for span in example.get_aligned_spans_y2x(gold, allow_overlap=True):
                row, place = found.get((span.start, span.end)), places.get(span.label_)
                if row is not None and place is not None:
                    truth[row, place] = 1.0
        without: NDArray[np.bool_] = np.asarray(~truth.any(axis=1))
        if self.add_negative_label:
            truth[without, len(self.labels)] = 1.0
        return truth, without

    def _allocate(self, batch: Batch) -> None:
        spans = ngram_suggester([1])(batch, ops=self.model.ops)
        truth: Any = self.model.ops.alloc2f(len(spans.dataXd), self.n_classes)
        self.model.initialize(X=(batch, spans), Y=truth)


def _apart(rows: NDArray[np.int64], bounds: NDArray[np.int32]) -> NDArray[np.int64]:
    """The rows, in their order, whose spans share no token with one before."""
    taken = np.zeros(int(bounds[:, 1].max(initial=0)), dtype=np.bool_)
    kept = []
    for row in rows.tolist():
        start, end = bounds[row]
        if not taken[start:end].any():
            taken[start:end] = True
            kept.append(row)
    return np.asarray(kept, dtype=np.int64)


def _declared(scorer: str) -> Callable[[F], F]:
    """The declaration of a factory whose model ends in the layer ``scorer``."""
    return component_defaults(
        {
            "model": _model(scorer),
            "suggester": {"@misc": "spanloom.ngram_suggester.v1", "sizes": [1, 2, 3]},
            "scorer": {"@scorers": "spanloom.spancat_scorer.v1"},
        },
        settings_of=KeyedSpans,
        assigns=["doc.spans"],
        score_weights={"spans_sc_f": 1.0, "spans_sc_p": 0.0, "spans_sc_r": 0.0},
    )


@_declared("spanloom.LinearLogistic.v1")
def make_spancat(
    nlp: PipelineLike,
    name: str,
    model: SpansModel,
    suggester: Suggester,
    threshold: float = 0.5,
    max_positive: int | None = None,
    **settings: Any,
) -> SpanCategorizer:
    """Factory of ``spancat``: any number of labels a span."""
    settings.update(threshold=threshold, max_positive=max_positive)
    return SpanCategorizer(nlp.vocab, model, suggester, name, **settings)


@_declared("Softmax.v2")
def make_spancat_singlelabel(
    nlp: PipelineLike,
    name: str,
    model: SpansModel,
    suggester: Suggester,
    negative_weight: float = 1.0,
    allow_overlap: bool = True,
    **settings: Any,
) -> SpanCategorizer:
    """Factory of ``spancat_singlelabel``: one label a span, or none."""
    settings.update(negative_weight=negative_weight, allow_overlap=allow_overlap)
    settings.update(threshold=None, max_positive=1, add_negative_label=True)
    return SpanCategorizer(nlp.vocab, model, suggester, name, **settings)
