"""``hf_text_classifier``: categories of documents by a model for labels of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from spanloom.plugins.factory import component_defaults

from ..encoder import encode_windows
from .component import CheckpointComponent, Floats

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline
    from spanloom.tokens import Doc
    from spanloom.tokens.batch import Batch

__all__ = ["HfTextClassifier", "make_hf_text_classifier"]


class HfTextClassifier(CheckpointComponent):
    """Sets ``doc.cats``: the probability of each label.

    What the model's config says of its problem counts: labels that exclude each other, several at a
    time (``multi_label_classification``), or, with a single label, a number. A text in several
    windows has the mean of theirs, each weighted by its number of word pieces; one without word
    pieces has 0 for each label.
    """

    auto: ClassVar[str] = "AutoModelForSequenceClassification"

    def predict(self, docs: Sequence[Doc]) -> Floats:
        """The scores of labels, shape ``(documents, labels)``."""
        shim = self.shim
        total = np.zeros((len(docs), len(self.labels)), dtype=np.float32)
        sequences = self.sequences(docs)
        if not len(sequences.lengths):
            return total
        raw = encode_windows(shim.runner(self.max_batch_items), sequences)
        if shim.module.config.problem_type == "multi_label_classification":
            raw = torch.sigmoid(raw)
        elif raw.shape[1] > 1:
            raw = torch.softmax(raw, dim=-1)
        ends = np.cumsum(sequences.row_lengths)
        owners = np.searchsorted(ends, sequences.index[sequences.starts], side="right")
        weights = sequences.lengths.astype(np.float32)
        np.add.at(total, owners, raw.cpu().numpy() * weights[:, None])
        whole = np.bincount(owners, weights=weights, minlength=len(docs))
        return (total / np.maximum(whole, 1.0)[:, None]).astype(np.float32)

    def annotate(self, batch: Batch) -> None:
        """Set the categories of all documents."""
        if not batch:
            return
        labels = self.labels
        for doc, row in zip(batch, self.predict(batch).tolist()):
            doc.cats.update(zip(labels, row))


@component_defaults(settings_of=CheckpointComponent, assigns=["doc.cats"])
def make_hf_text_classifier(
    nlp: Pipeline, name: str, model: str, **settings: Any
) -> HfTextClassifier:
    """Factory of ``hf_text_classifier``."""
    return HfTextClassifier(nlp.vocab, model, name=name, **settings)
