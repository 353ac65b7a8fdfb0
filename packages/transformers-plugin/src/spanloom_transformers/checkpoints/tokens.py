"""``hf_token_classifier``: entities, spans or tags by a model for labels of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Span, SpanGroup

from ..encoder import encode
from .component import CheckpointComponent, Floats, softmax, wrong_setting

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab

__all__ = ["Annotates", "HfTokenClassifier", "make_hf_token_classifier"]

Annotates = Literal["ents", "spans", "tags", "pos"]

#: First letters of labels: what begins a span, what goes on with one, and what ends one.
_BEGIN, _INSIDE, _END = "BSU", "IMEL", "ESUL"


class HfTokenClassifier(CheckpointComponent):
    """Labels tokens by the mean of the probabilities of their word pieces.

    ``annotates`` is what it sets: ``"ents"`` and ``"spans"`` (in ``doc.spans[spans_key]``) join
    tokens by the first letters of their labels (``B-``, ``I-``, ``E-``, ``S-`` and their like; of
    labels without these, neighbours that are equal); ``"tags"`` and ``"pos"`` set each token's.
    Spans' scores, the means of their tokens', are in ``doc.spans[spans_key].attrs["scores"]``, with
    ``"ents"`` too. A token without word pieces, such as white space, has no label.
    """

    auto: ClassVar[str] = "AutoModelForTokenClassification"

    def __init__(
        self,
        vocab: Vocab,
        model: str,
        *,
        name: str = "hf_token_classifier",
        annotates: Annotates = "ents",
        spans_key: str = "hf_token_classifier",
        **settings: Any,
    ) -> None:
        """``settings`` are those of :class:`CheckpointComponent`."""
        super().__init__(vocab, model, name=name, **settings)
        if annotates not in get_args(Annotates):
            known = ", ".join(f'"{each}"' for each in get_args(Annotates))
            raise wrong_setting(name, "annotates", annotates, f"use {known}")
        self.annotates = annotates
        self.spans_key = spans_key

    def predict(self, docs: Sequence[Doc]) -> list[Floats]:
        """The probabilities of labels of each document's tokens, shape ``(tokens, labels)``, with
        zeros for tokens without word pieces."""
        shim, labels = self.shim, len(self.labels)
        sequences = self.sequences(docs)
        total = np.zeros((int(sequences.token_lengths.sum()), labels), dtype=np.float32)
        if len(sequences.lengths):
            rows = softmax(encode(shim.runner(self.max_batch_items), sequences).last)
            align = sequences.align
            present = np.flatnonzero(align.lengths)
            if len(present):
                sums = np.add.reduceat(rows[align.rows], align.bounds[present], axis=0)
                total[present] = sums / align.lengths[present, None]
        return np.split(total, np.cumsum(sequences.token_lengths)[:-1])

    def annotate(self, batch: Batch) -> None:
        """Label the tokens of all documents."""
        if not batch:
            return
        labels = self.labels
        for doc, rows in zip(batch, self.predict(batch)):
            best = rows.argmax(axis=1) if len(rows) else np.zeros(0, dtype=np.int64)
            scores = rows.max(axis=1) if len(rows) else np.zeros(0, dtype=np.float32)
            names = [labels[i] if score else "O" for i, score in zip(best.tolist(), scores)]
            if self.annotates in ("ents", "spans"):
                self._set_spans(doc, names, scores)
                continue
            for token, name, score in zip(doc, names, scores):
                if score:
                    setattr(token, "tag_" if self.annotates == "tags" else "pos_", name)

    def _set_spans(self, doc: Doc, names: Sequence[str], scores: NDArray[Any]) -> None:
        found = list(spans_of(names))
        spans = [Span(doc, start, end, label=label) for start, end, label in found]
        if self.annotates == "ents":
            doc.ents = spans
        means = np.array([scores[start:end].mean() for start, end, _ in found], dtype=np.float32)
        attrs = {"scores": means}
        doc.spans[self.spans_key] = SpanGroup(doc, name=self.spans_key, attrs=attrs, spans=spans)


def spans_of(names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Start, end and label of the spans that labels of tokens say. What goes on with nothing begins
    a span."""
    start, label = 0, ""
    ended = True
    for i, name in enumerate([*names, "O"]):
        mark, _, own = name.partition("-")
        if not own or mark not in {*_BEGIN, *_INSIDE}:
            mark, own = "I", "" if name == "O" else name
        if label and (ended or own != label or mark in _BEGIN):
            yield start, i, label
            label = ""
        if own and not label:
            start, label = i, own
        ended = mark in _END


@component_defaults(
    settings_of=HfTokenClassifier,
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type", "token.tag", "token.pos"],
)
def make_hf_token_classifier(
    nlp: Pipeline, name: str, model: str, **settings: Any
) -> HfTokenClassifier:
    """Factory of ``hf_token_classifier``."""
    return HfTokenClassifier(nlp.vocab, model, name=name, **settings)
