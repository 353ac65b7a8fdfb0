"""The reference's entities and trees in the tokens of the predicted document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError
from spanloom.tokens.build import check_trees
from spanloom.vocab.columns import IOB_BEGIN, IOB_IN, IOB_MISSING

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.tokens import Doc

__all__ = ["GoldSpans", "check_wrong", "gold_heads", "gold_spans", "spaces_of"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class GoldSpans:
    """Entities in the tokens of a document: first token, token after the last, string id of the
    label; and for each token whether anything is known (bool)."""

    starts: Ints
    ends: Ints
    labels: NDArray[np.uint64]
    known: NDArray[np.bool_]


def spaces_of(doc: Doc) -> NDArray[np.bool_]:
    """Which tokens are whitespace, shape ``(n,)``."""
    spaces: NDArray[np.bool_] = doc.lexicon.column("IS_SPACE")[doc.rows].astype(bool)
    return spaces


def gold_spans(example: Example, *, wrong_key: str | None = None) -> tuple[GoldSpans, GoldSpans]:
    """The entities of the reference in the predicted document's tokens, and those that are said to
    be wrong: the span group ``wrong_key`` of the reference.

    Whitespace at the edges of an entity is left out. Where the tokens don't allow an entity's
    bounds, nothing is known.
    """
    doc, reference = example.predicted, example.reference
    starts, ends, labels, known = _spans(reference)
    wrong: list[Any] = []
    if wrong_key is not None and wrong_key in reference.spans:
        check_wrong(reference, wrong_key)
        wrong = [(s.start, s.end, s.label) for s in reference.spans[wrong_key]]
    bad_starts = np.asarray([each[0] for each in wrong], dtype=np.int64)
    bad_ends = np.asarray([each[1] for each in wrong], dtype=np.int64)
    bad_labels = np.asarray([each[2] for each in wrong], dtype=np.uint64)
    if not _same_tokens(doc, reference):
        mine, theirs = _bounds(doc), _bounds(reference)
        known = _carry(known, theirs, mine)
        starts, ends, fits = _move(starts, ends, theirs, mine)
        for start, end in zip(starts[~fits].tolist(), ends[~fits].tolist()):
            known[start:end] = False
        starts, ends, labels = starts[fits], ends[fits], labels[fits]
        bad_starts, bad_ends, fits = _move(bad_starts, bad_ends, theirs, mine)
        bad_starts, bad_ends, bad_labels = bad_starts[fits], bad_ends[fits], bad_labels[fits]
    starts, ends = _trim(starts, ends, spaces_of(doc))
    some = ends > starts
    return (
        GoldSpans(starts[some], ends[some], labels[some], known),
        GoldSpans(bad_starts, bad_ends, bad_labels, known),
    )


def check_wrong(reference: Doc, key: str | None) -> None:
    """Raise :class:`DataError` if a span of the group ``key``, of those that are no entities, is
    one."""
    if key is None or key not in reference.spans:
        return
    there = {(ent.start, ent.end, ent.label) for ent in reference.ents}
    for span in reference.spans[key]:
        if (span.start, span.end, span.label) in there:
            raise DataError(
                f"{span.text!r} ({span.label_}) in {reference.text[:60]!r} is an entity, and in "
                f"the span group '{key}' of those that aren't: take it out of one of the two"
            )


def _spans(doc: Doc) -> tuple[Ints, Ints, NDArray[np.uint64], NDArray[np.bool_]]:
    marks, types = doc.column("ENT_IOB"), doc.column("ENT_TYPE")
    none = np.zeros(0, dtype=np.int64)
    if marks is None:
        return none, none, none.astype(np.uint64), np.zeros(len(doc), dtype=bool)
    if types is None:
        types = np.zeros(len(doc), dtype=np.uint64)
    # A mark of B or I without a type says that there is no entity.
    inside = ((marks == IOB_BEGIN) | (marks == IOB_IN)) & (types != 0)
    before = np.concatenate([[False], inside[:-1]])
    same = np.concatenate([[False], types[1:] == types[:-1]]) if len(types) else before
    opens = inside & ((marks == IOB_BEGIN) | ~before | ~same)
    starts = np.flatnonzero(opens)
    closes = np.append(~inside | opens, True)
    places = np.flatnonzero(closes)
    ends = places[np.searchsorted(places, starts, side="right")]
    return starts, ends, types[starts], marks != IOB_MISSING


def _same_tokens(doc: Doc, reference: Doc) -> bool:
    if doc.lexicon is reference.lexicon:
        return np.array_equal(doc.rows, reference.rows)
    return len(doc) == len(reference) and doc.words == reference.words


def _bounds(doc: Doc) -> Ints:
    from spanloom.scoring.counts import solid_bounds

    return solid_bounds(doc)


def _carry(known: NDArray[np.bool_], theirs: Ints, mine: Ints) -> NDArray[np.bool_]:
    """A token is known if all reference tokens that it touches are. Whitespace is."""
    unknown = np.concatenate([[0], np.cumsum(~known)])
    low = np.searchsorted(theirs, mine[:-1], side="right") - 1
    high = np.searchsorted(theirs, mine[1:], side="left")
    low, high = np.minimum(low, len(known)), np.minimum(np.maximum(high, low), len(known))
    carried: NDArray[np.bool_] = unknown[high] == unknown[low]
    return carried


def _move(
    starts: Ints, ends: Ints, theirs: Ints, mine: Ints
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Spans of reference tokens in ours, and which of them fit; the others are as wide as all
    tokens that they touch."""
    low = np.searchsorted(mine, theirs[starts], side="right") - 1
    high = np.searchsorted(mine, theirs[ends], side="left")
    last = len(mine) - 1
    low, high = np.clip(low, 0, last), np.clip(high, 0, last)
    fits = (mine[low] == theirs[starts]) & (mine[high] == theirs[ends]) & (low < high)
    return low, high, fits


def _trim(starts: Ints, ends: Ints, space: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    starts, ends = starts.copy(), ends.copy()
    while (at := np.flatnonzero((starts < ends) & space[np.minimum(starts, len(space) - 1)])).size:
        starts[at] += 1
    while (at := np.flatnonzero((starts < ends) & space[ends - 1])).size:
        ends[at] -= 1
    return starts, ends


def gold_heads(example: Example) -> tuple[Ints, NDArray[np.uint64]]:
    """The reference's head of each token of the predicted document, as an index into it, and the
    string id of the relation.

    -1 and 0 where nothing is known: no annotation, or tokens of which one has no counterpart.
    Raises :class:`DataError` where heads go in a circle: there is no way to such a tree.
    """
    doc, reference = example.predicted, example.reference
    heads, labels = reference.column("HEAD"), reference.column("DEP")
    found = np.full(len(doc), -1, dtype=np.int64)
    relations = np.zeros(len(doc), dtype=np.uint64)
    if heads is None or labels is None:
        return found, relations
    check_trees(reference, heads)
    if _same_tokens(doc, reference):
        known = labels != 0
        found[known], relations[known] = heads[known], labels[known]
        return found, relations
    mine, theirs = _bounds(doc), _bounds(reference)
    keys = {pair: i for i, pair in enumerate(zip(theirs[:-1].tolist(), theirs[1:].tolist()))}
    to_reference = np.asarray(
        [keys.get(pair, -1) for pair in zip(mine[:-1].tolist(), mine[1:].tolist())], dtype=np.int64
    )
    to_reference[mine[:-1] == mine[1:]] = -1
    to_doc = np.full(len(reference), -1, dtype=np.int64)
    matched = np.flatnonzero(to_reference >= 0)
    to_doc[to_reference[matched]] = matched
    of = to_reference[matched]
    known = (labels[of] != 0) & (to_doc[heads[of]] >= 0)
    found[matched[known]] = to_doc[heads[of[known]]]
    relations[matched[known]] = labels[of[known]]
    return found, relations
