"""Scores of tokens and of their annotation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..vocab.morphology import EMPTY_MORPH
from .counts import Counts, aligned_pairs, solid_bounds, spaces_mask

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..vocab.strings import StringStore

__all__ = ["score_column", "score_features", "score_morphology", "score_tokenization"]


def score_tokenization(examples: Iterable[Example]) -> dict[str, Any]:
    """Scores of the tokens themselves.

    ``token_acc`` is the share of predicted tokens that cover exactly one reference token;
    ``token_p``, ``token_r`` and ``token_f`` compare tokens by their character offsets, as the CoNLL
    2018 shared task does (Zeman et al. 2018). Whitespace tokens don't count, nor do references
    whose spaces are unknown.
    """
    right, total = 0, 0
    counts = Counts()
    for example in examples:
        if example.reference.has_unknown_spaces:
            continue
        solid = ~spaces_mask(example.predicted)
        right += len(aligned_pairs(example)[0])
        total += int(solid.sum())
        ends = [solid_bounds(doc) for doc in (example.predicted, example.reference)]
        mine, theirs = (set(zip(b[:-1].tolist(), b[1:].tolist())) for b in ends)
        counts.add_sets(
            {span for span in mine if span[0] < span[1]},
            {span for span in theirs if span[0] < span[1]},
        )
    accuracy = right / total if total else None
    return {"token_acc": accuracy, **counts.named("token")}


def score_column(
    examples: Iterable[Example], column: str, name: str, *, per_type: bool = False
) -> dict[str, Any]:
    """Accuracy of one annotation column, as ``{name}_acc``.

    ``column`` holds string ids, 0 for a missing value. A predicted token that covers exactly one
    reference token with a value is right if it has that value. The score is the F1 of pairs of
    token and value, which is plain accuracy where both documents have the same tokens, and the
    measure of tags in the CoNLL 2018 shared task (Zeman et al. 2018) where they haven't. With
    ``per_type``, ``{name}_per_type`` holds precision, recall and F1 of each value.
    """
    counts = Counts()
    found: list[NDArray[Any]] = []
    wanted: list[NDArray[Any]] = []
    every: list[NDArray[Any]] = []
    strings: StringStore | None = None
    for example in examples:
        gold = example.reference.column(column)
        if gold is None:
            continue
        strings = example.reference.vocab.strings
        known = (gold != 0) & ~spaces_mask(example.reference)
        mine = example.predicted.column(column)
        at, of = aligned_pairs(example)
        kept = known[of]
        at, of = at[kept], of[kept]
        values = mine[at] if mine is not None else np.zeros(len(at), dtype=np.uint64)
        if len(np.unique(of)) < len(of):  # several predicted tokens in one reference token
            pairs = sorted(set(zip(of.tolist(), values.tolist())))
            of = np.array([token for token, _ in pairs])
            values = np.array([value for _, value in pairs], dtype=np.uint64)
        counts.add(int((values == gold[of]).sum()), len(of), int(known.sum()))
        found.append(values)
        wanted.append(gold[of])
        every.append(gold[known])
    scores: dict[str, Any] = {f"{name}_acc": counts.fscore if counts else None}
    if per_type:
        table = _per_value(found, wanted, every, strings) if counts and strings else None
        scores[f"{name}_per_type"] = table
    return scores


def _per_value(
    found: list[NDArray[Any]],
    wanted: list[NDArray[Any]],
    every: list[NDArray[Any]],
    strings: StringStore,
) -> dict[str, dict[str, float]]:
    """The table of each value, from the values of pairs and from all of the references."""
    mine, theirs = np.concatenate(found), np.concatenate(wanted)
    right, predicted, reference = (
        Counter(values.tolist()) for values in (mine[mine == theirs], mine, np.concatenate(every))
    )
    table = {}
    for value in (predicted.keys() | reference.keys()) - {0}:
        counts = Counts()
        counts.add(right[value], predicted[value], reference[value])
        table[strings.as_string(value)] = counts.to_dict()
    return dict(sorted(table.items()))


def score_morphology(examples: Iterable[Example]) -> dict[str, Any]:
    """``pos_acc`` with ``pos_per_type``, ``morph_acc`` (see :func:`score_column`), and the scores
    of :func:`score_features`."""
    examples = list(examples)
    return {
        **score_column(examples, "POS", "pos", per_type=True),
        **score_column(examples, "MORPH", "morph"),
        **score_features(examples),
    }


def score_features(examples: Iterable[Example]) -> dict[str, Any]:
    """Scores of single morphological features: ``morph_micro_p``, ``_r``, ``_f`` over all, and
    ``morph_per_feat`` for each. A feature is right if name and value agree; counts of all tokens
    are added up before dividing (micro average; Sokolova and Lapalme 2009, "A systematic analysis
    of performance measures for classification tasks"). Tokens whose reference has no features
    don't count."""
    pairs: Counter[tuple[tuple[int, ...], int]] = Counter()
    strings: StringStore | None = None
    for example in examples:
        gold = example.reference.column("MORPH")
        if gold is None or not len(gold):
            continue
        strings = example.reference.vocab.strings
        mine = example.predicted.column("MORPH")
        at, of = aligned_pairs(example)
        values = mine[at] if mine is not None else np.zeros(len(at), dtype=np.uint64)
        found: list[tuple[int, ...]] = [()] * len(gold)
        for token, value in zip(of.tolist(), values.tolist()):
            found[token] = (*found[token], value)
        space = spaces_mask(example.reference).tolist()
        pairs.update(
            (mine, key) for mine, key, blank in zip(found, gold.tolist(), space) if not blank
        )
    return _feature_scores(pairs, strings)


def _feature_scores(
    pairs: Counter[tuple[tuple[int, ...], int]], strings: StringStore | None
) -> dict[str, Any]:
    """Scores from how often analyses, of the predicted tokens in one reference token, met the
    reference's analysis."""
    micro = Counts()
    per_feature: dict[str, Counts] = {}
    for (mine, gold), times in pairs.items():
        wanted = _features(gold, strings)
        if not wanted:
            continue
        found = {feature for key in mine for feature in _features(key, strings)}
        for feature in found | wanted:
            counts = per_feature.setdefault(feature.partition("=")[0], Counts())
            tp = int(feature in found and feature in wanted) * times
            for each in (micro, counts):
                each.add(tp, int(feature in found) * times, int(feature in wanted) * times)
    table = {name: counts.to_dict() for name, counts in sorted(per_feature.items())}
    return {**micro.named("morph_micro"), "morph_per_feat": table if micro else None}


def _features(key: int, strings: StringStore | None) -> set[str]:
    if not key or strings is None:
        return set()
    text = strings[key]
    return set() if text in ("", EMPTY_MORPH) else set(text.split("|"))
