"""The ``textcat`` and ``textcat_multilabel`` components: scores of labels for whole documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from spanloom.components.base import GetExamples, Scorer
from spanloom.components.labels import LabelledComponent
from spanloom.errors import DataError, PipelineError
from spanloom.plugins.factory import component_defaults

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.layers.types import TextModel
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["TextCategorizer", "make_textcat", "make_textcat_multilabel"]

F = TypeVar("F", bound=Callable[..., Any])


def _ensemble(exclusive: bool) -> dict[str, Any]:
    """The default model."""
    return {
        "@architectures": "spanloom.TextCatEnsemble.v2",
        "linear_model": {
            "@architectures": "spanloom.TextCatBOW.v3",
            "exclusive_classes": exclusive,
            "length": 262144,
            "ngram_size": 1,
            "no_output_layer": False,
        },
        "tok2vec": {
            "@architectures": "spanloom.Tok2Vec.v2",
            "embed": {
                "@architectures": "spanloom.MultiHashEmbed.v2",
                "width": 64,
                "attrs": ["NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE"],
                "rows": [2000, 2000, 500, 1000, 500],
                "include_static_vectors": False,
            },
            "encode": {
                "@architectures": "spanloom.MaxoutWindowEncoder.v2",
                "width": 64,
                "depth": 2,
                "window_size": 1,
                "maxout_pieces": 3,
            },
        },
    }


_WEIGHTS: dict[str, float | None] = {
    "cats_score": 1.0,
    "cats_score_desc": None,
    "cats_micro_p": None,
    "cats_micro_r": None,
    "cats_micro_f": None,
    "cats_macro_p": None,
    "cats_macro_r": None,
    "cats_macro_f": None,
    "cats_macro_auc": None,
    "cats_f_per_type": None,
    "cats_auc_per_type": None,
}


class TextCategorizer(LabelledComponent):
    """Sets ``doc.cats``: a score between 0 and 1 for each label.

    With ``exclusive`` one label is true of a document, and the scores sum to one. A label that
    isn't in the ``cats`` of a reference is missing: it gives no gradient.
    """

    kind: ClassVar[str] = "`cats`"

    def __init__(
        self,
        vocab: Vocab,
        model: TextModel,
        name: str = "textcat",
        exclusive: bool = True,
        *,
        threshold: float = 0.0,
        scorer: Scorer | None = None,
    ) -> None:
        super().__init__(vocab, model, name, scorer)
        self.exclusive = exclusive
        self.found_labels = False  # whether they were read from examples, and not added
        self.cfg = {"labels": [], "threshold": threshold, "positive_label": None}

    def _extend(self, label: str, lists: Iterable[Iterable[str]]) -> None:
        from .resizing import widen

        widen(self.model, len(self.labels) + 1)
        super()._extend(label, lists)

    @property
    def threshold(self) -> float:
        """The score from which a label counts as predicted."""
        return float(self.cfg["threshold"])

    def predict(self, docs: Sequence[Doc]) -> NDArray[np.float32]:
        """The score of each label for each document, shape ``(len(docs), labels)``. A document
        without tokens says nothing: its scores are equal, or zero where labels don't exclude."""
        batch = self.ready(docs)
        empty = batch.lengths == 0
        if empty.all():
            scores = np.zeros((len(batch), len(self.labels)), dtype=np.float32)
        else:
            ops: Any = self.model.ops
            scores = ops.to_numpy(self.model.predict(batch))
        if empty.any():
            scores[empty] = 1.0 / len(self.labels) if self.exclusive and self.labels else 0.0
        return scores

    def set_annotations(self, docs: Sequence[Doc], predictions: NDArray[np.float32]) -> None:
        """Write the scores."""
        for doc, scores in zip(docs, predictions.tolist()):
            doc.cats.update(zip(self.labels, scores))

    def targets(self, examples: Sequence[Example]) -> tuple[NDArray[Any], NDArray[Any]]:
        """The true scores and where they are known, both of shape ``(len(examples), labels)``.

        Raises :class:`DataError` for a value that is no score, and where labels exclude each other
        and several are true.
        """
        self._check_cats(examples)
        shape = (len(examples), len(self.labels))
        truth, known = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
        column = {label: i for i, label in enumerate(self.labels)}
        for i, example in enumerate(examples):
            for label, value in example.reference.cats.items():
                if label in column:
                    truth[i, column[label]] = value
                    known[i, column[label]] = 1.0
        if self.exclusive:
            # Where one label is true, the others are false, whether they are written down or not.
            known[truth.sum(axis=1) >= 1.0] = 1.0
        return truth, known

    def _check_cats(self, examples: Iterable[Example]) -> None:
        """Raise :class:`DataError` if a score of a label of this component isn't between 0 and 1,
        or labels that exclude each other add up to more than 1."""
        labels = self.labels
        for reference in (example.reference for example in examples):
            cats = {label: reference.cats[label] for label in labels if label in reference.cats}
            for label, value in cats.items():
                number = isinstance(value, int | float | np.number | np.bool_)
                if not (number and 0.0 <= value <= 1.0):
                    raise DataError(
                        f"'{self.name}': the value of '{label}' in the 'cats' of "
                        f"{reference.text[:60]!r} is {value!r}: give a number between 0 (false) "
                        "and 1 (true), or leave it out if it isn't known"
                    )
            if self.exclusive and sum(cats.values()) > 1.0 + 1e-6:
                true = ", ".join(label for label, value in cats.items() if value)
                raise DataError(
                    f"'{self.name}' takes one true label per document, but {reference.text[:60]!r} "
                    f"has {true}. Use the factory 'textcat_multilabel' for such data; if some "
                    "labels belong to another component, add its own labels to each before "
                    "nlp.initialize."
                )

    def get_loss(self, examples: Sequence[Example], predictions: Any) -> tuple[float, Any]:
        """Cross-entropy of the known labels: of a softmax where labels exclude each other, else of
        one logistic output for each. A model without output layer learns by squared error."""
        xp = self.model.ops.xp
        truth, known = (xp.asarray(array) for array in self.targets(examples))
        difference = (predictions - truth) * known
        output = self.model.attrs.get("output", "softmax" if self.exclusive else "logistic")
        if output == "none":
            return float((difference**2).sum() / 2), difference
        # Nearer to 1 than that, float32 has nothing but 1.
        chance = xp.clip(predictions, 1e-6, 1.0 - 1e-6)
        loss = -(truth * xp.log(chance) * known).sum()
        if output == "softmax":  # whose backward takes the gradient of the layer's input
            return float(loss), difference
        if self.exclusive:
            return float(loss), -(truth / chance) * known
        loss -= ((1.0 - truth) * xp.log(1.0 - chance) * known).sum()
        return float(loss), difference / (chance * (1.0 - chance))

    def initialize(
        self,
        get_examples: GetExamples,
        *,
        nlp: PipelineLike | None = None,
        labels: Iterable[str] | None = None,
        positive_label: str | None = None,
    ) -> None:
        """Take ``labels``, or read them from the examples, and allocate the weights. Beside other
        classifiers, labels that were added are all, and those added to the others aren't read.

        ``positive_label`` is the one whose F1 is the score, where there are two that exclude each
        other. Raises :class:`PipelineError` if there are too few labels, and :class:`DataError`
        for `cats` that can't be learnt from.
        """
        sample = self.sample(get_examples, nlp)
        own, beside = self.labels, _others(self, nlp)
        others = {label for each in beside if not each.found_labels for label in each.labels}
        read = labels is None
        self.found_labels = read and not own
        self._init_labels(get_examples, own if read and own and beside else labels)
        if read:
            self._set_labels(each for each in self.labels if each in own or each not in others)
        self._check_cats(get_examples() if read else sample)
        self._check_labels(positive_label)
        self.cfg["positive_label"] = positive_label
        batch = self.ready([example.x for example in sample if len(example.x)] or [sample[0].x])
        truth: Any = self.model.ops.alloc2f(len(batch), len(self.labels))
        self.model.initialize(X=batch, Y=truth)

    def read_labels(self, examples: Iterable[Example]) -> list[str]:
        """The labels in the ``cats`` of the references, sorted."""
        return sorted({label for example in examples for label in example.reference.cats})

    def _check_labels(self, positive: str | None) -> None:
        labels = ", ".join(self.labels)
        least = 2 if self.exclusive else 1
        if len(self.labels) < least:
            raise PipelineError(
                f"'{self.name}' needs at least {least} label{'s' * self.exclusive} in the 'cats' "
                f"of the training examples, apart from those of other classifiers (found: {labels})"
            )
        if positive is not None and (positive not in self.labels or len(self.labels) != 2):
            raise PipelineError(
                f"'{self.name}': positive_label '{positive}' must be one of two labels "
                f"(labels: {labels})"
            )

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """The scores of the labels."""
        if self.scorer is None:
            return {}
        scorer: Any = self.scorer
        return dict(
            scorer(
                examples,
                labels=self.labels,
                threshold=self.threshold,
                positive_label=self.cfg["positive_label"],
            )
        )


def _others(this: TextCategorizer, nlp: PipelineLike | None) -> list[TextCategorizer]:
    """The other classifiers of a pipeline. What was added to them is theirs; what one found in the
    examples is open to all."""
    parts = [] if nlp is None else [each for _, each in nlp.components if each is not this]
    return [each for each in parts if isinstance(each, TextCategorizer)]


def _defaults(*, exclusive: bool, scorer: str) -> Callable[[F], F]:
    return component_defaults(
        {"model": _ensemble(exclusive), "scorer": {"@scorers": scorer}},
        settings_of=TextCategorizer,
        assigns=["doc.cats"],
        score_weights=_WEIGHTS,
    )


@_defaults(exclusive=True, scorer="spanloom.textcat_scorer.v2")
def make_textcat(
    nlp: PipelineLike, name: str, model: TextModel, **settings: Any
) -> TextCategorizer:
    """Factory of ``textcat``: one label a document."""
    return TextCategorizer(nlp.vocab, model, name, **settings)


@_defaults(exclusive=False, scorer="spanloom.textcat_multilabel_scorer.v2")
def make_textcat_multilabel(
    nlp: PipelineLike, name: str, model: TextModel, threshold: float = 0.5, **settings: Any
) -> TextCategorizer:
    """Factory of ``textcat_multilabel``: any number of labels a document."""
    return TextCategorizer(nlp.vocab, model, name, False, threshold=threshold, **settings)
