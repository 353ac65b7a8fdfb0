"""Scores of labels of whole documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.scoring.counts import Counts

if TYPE_CHECKING:
    from spanloom.examples.example import Example

__all__ = ["roc_auc", "score_cats"]


def score_cats(
    examples: Iterable[Example],
    *,
    labels: Sequence[str] = (),
    multi_label: bool = True,
    threshold: float | None = None,
    positive_label: str | None = None,
) -> dict[str, Any]:
    """Precision, recall and F1 over all decisions (micro) and as the mean over labels (macro;
    Sokolova and Lapalme 2009, "A systematic analysis of performance measures for classification
    tasks"), the area under the ROC curve (:func:`roc_auc`), and a table for each label.

    With ``multi_label`` a label is predicted where its score reaches ``threshold`` (0.5), and one
    that the reference doesn't mention doesn't count. Without it, the label with the highest score
    is predicted, if that reaches ``threshold`` (0), and references without a true label don't
    count. ``cats_score`` is the F1 of ``positive_label`` if given, else the macro AUC with
    ``multi_label`` and the macro F1 without. Everything is ``None`` where nothing was counted.
    """
    cut = threshold if threshold is not None else (0.5 if multi_label else 0.0)
    pairs = [(example.reference.cats, example.predicted.cats) for example in examples]
    names = list(labels) or sorted({name for gold, _ in pairs for name in gold})
    counts = {name: Counts() for name in names}
    for gold, predicted in pairs:
        if multi_label:
            _count_each(counts, gold, predicted, cut)
        else:
            _count_best(counts, gold, predicted, cut)
    return _named(counts, pairs, multi_label, positive_label)


def _count_each(
    counts: Mapping[str, Counts], gold: Mapping[str, float], found: Mapping[str, float], cut: float
) -> None:
    for name, each in counts.items():
        if name in gold:
            true, said = gold[name] > 0, found.get(name, 0.0) >= cut
            each.add(true and said, said, true)


def _count_best(
    counts: Mapping[str, Counts], gold: Mapping[str, float], found: Mapping[str, float], cut: float
) -> None:
    true = max((name for name in counts if gold.get(name, 0) > 0), key=gold.__getitem__, default="")
    if not true:
        return
    said = max((name for name in counts if name in found), key=found.__getitem__, default="")
    said = said if said and found[said] >= cut else ""
    for name, each in counts.items():
        each.add(name == true == said, name == said, name == true)


def _named(
    counts: Mapping[str, Counts],
    pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]],
    multi_label: bool,
    positive_label: str | None,
) -> dict[str, Any]:
    every = Counts()
    for each in counts.values():
        every.tp, every.fp, every.fn = every.tp + each.tp, every.fp + each.fp, every.fn + each.fn
    table = {name: each.to_dict() for name, each in counts.items()} if every else None
    areas = {name: _area(name, pairs, multi_label) for name in counts}
    known = [area for area in areas.values() if area is not None]
    scores: dict[str, Any] = {f"cats_micro_{key}": value for key, value in _prf(every).items()}
    for key in "prf":
        macro = [row[key] for row in table.values()] if table else []
        scores[f"cats_macro_{key}"] = sum(macro) / len(macro) if macro else None
    scores["cats_macro_auc"] = sum(known) / len(known) if known else None
    scores["cats_f_per_type"] = table
    scores["cats_auc_per_type"] = areas if every else None
    if positive_label is not None:
        score, told = (table or {}).get(positive_label, {}).get("f"), f"F ({positive_label})"
    elif multi_label:
        score, told = scores["cats_macro_auc"], "macro AUC"
    else:
        score, told = scores["cats_macro_f"], "macro F"
    return {"cats_score": score, "cats_score_desc": told, **scores}


def _prf(counts: Counts) -> dict[str, float | None]:
    return dict(counts.to_dict()) if counts else {"p": None, "r": None, "f": None}


def _area(
    name: str, pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]], multi_label: bool
) -> float | None:
    rows = [
        (gold.get(name, 0.0) > 0, found.get(name, 0.0))
        for gold, found in pairs
        if name in gold or (not multi_label and gold)
    ]
    return roc_auc(np.array([true for true, _ in rows]), np.array([score for _, score in rows]))


def roc_auc(true: NDArray[Any], scores: NDArray[Any]) -> float | None:
    """The area under the ROC curve: the chance that a true case scores higher than a false one, a
    tie counting half (Fawcett 2006, "An introduction to ROC analysis"). ``None`` if all are true or
    all are false. Both arrays have shape ``(n,)``.
    """
    true = true.astype(np.bool_)
    positive, negative = int(true.sum()), int((~true).sum())
    if not positive or not negative:
        return None
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[true].sum() - positive * (positive + 1) / 2) / (positive * negative))
