"""Trees of documents as flat arrays without whitespace tokens, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.tokens.batch import Batch

from ..transitions.arc_eager import ParserActions, Trees, parse
from ..transitions.arc_eager_few import parse_few
from ..transitions.arc_eager_oracle import sentence_starts
from ..transitions.gold import gold_heads, spaces_of
from ..transitions.projective import DELIMITER, crossing, lift, lower

if TYPE_CHECKING:
    from spanloom.examples.example import Example

__all__ = [
    "GoldTrees",
    "NonSpaceTokens",
    "Parse",
    "count_relations",
    "finished",
    "gold_trees",
    "parse_tokens",
    "write_parse",
]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_RELATION = -1
SPACE_RELATION = -2

FEW = 6
"""Batches of up to so many times the tokens of their longest document are parsed one document after
the other: a step of all in lock step costs as much as some six steps of one."""


@dataclass(frozen=True)
class Parse:
    """Trees of a batch, tokens numbered through it: heads (a root is its own), numbers of
    relations (-1 of a root, -2 of whitespace), and starts of sentences; shape ``(tokens,)``."""

    heads: Ints
    relations: Ints
    starts: Bools


@dataclass(frozen=True)
class GoldTrees:
    """True projective trees of documents or parts of them: lengths, and for each token head, number
    of the relation (-1 for both where unknown) and whether it starts a sentence."""

    lengths: Ints
    heads: Ints
    relations: Ints
    starts: Bools


class _MappedScorer:
    """A scorer for tokens that are numbered without whitespace."""

    def __init__(self, scorer: Any, places: Ints | None) -> None:
        self.inner = scorer
        self.size = scorer.size
        self.places = None if places is None else np.append(places, scorer.none)

    def to_table(self, ids: Any) -> Any:
        """The ids in the scorer's own numbering."""
        return ids if self.places is None else self.places[ids]

    def scores(self, ids: Any) -> Any:
        """Scores of the actions for token ids."""
        return self.inner.scores(self.to_table(ids))

    def scores_of(self, tokens: list[int]) -> Any:
        """Scores of the actions for one state."""
        return self.inner.scores_of(tokens if self.places is None else self.places[tokens])


@dataclass(frozen=True)
class NonSpaceTokens:
    """The tokens of a batch that aren't whitespace.

    ``places`` are their numbers in the batch (``None``: all), ``docs`` the numbers of the documents
    that have any, ``lengths`` how many each of these has; ``bounds`` and ``breaks`` as
    :class:`~spanloom_tasks.transitions.arc_eager.ParserStates` takes them.
    """

    batch: Batch
    places: Ints | None
    docs: Ints
    lengths: Ints
    bounds: Ints | None
    breaks: Bools

    @classmethod
    def of(cls, batch: Batch, *, constrained: bool = True) -> NonSpaceTokens:
        """For a batch; ``constrained`` by what its documents say of starts of sentences."""
        lengths = batch.lengths
        space = np.concatenate([spaces_of(doc) for doc in batch]) if len(batch) else _NO_FLAGS
        places = None
        if space.any():
            places = np.flatnonzero(~space)
            owner = np.repeat(np.arange(len(lengths)), lengths)
            lengths = np.bincount(owner[places], minlength=len(lengths))
        docs = np.flatnonzero(lengths > 0)
        lengths = lengths[docs]
        size = int(lengths.sum())
        breaks = np.ones(size, dtype=bool)
        bounds = None
        if constrained:
            bounds, breaks = _constraints(batch, places, lengths)
        return cls(batch, places, docs, lengths, bounds, breaks)

    def scorer(self, scorer: Any) -> _MappedScorer:
        """A scorer that takes the numbers of these tokens."""
        return _MappedScorer(scorer, self.places)


_NO_FLAGS = np.zeros(0, dtype=bool)


def _constraints(batch: Batch, places: Ints | None, lengths: Ints) -> tuple[Ints | None, Bools]:
    """Where sentences must end, and where they may begin."""
    size = int(lengths.sum())
    columns = [doc.column("SENT_START") for doc in batch]
    if all(column is None or not column.any() for column in columns):
        return None, np.ones(size, dtype=bool)
    flags = np.concatenate(
        [np.zeros(len(doc), np.int8) if c is None else c for doc, c in zip(batch, columns)]
    )
    begins, denied = flags == 1, flags == -1
    if places is not None:
        # A sentence that starts with whitespace starts with the token after it here.
        counts = np.concatenate([[0], np.cumsum(begins)])
        ends = places + 1
        begins = counts[ends] > np.concatenate([[0], counts[ends[:-1]]]) if size else _NO_FLAGS
        denied = denied[places] & ~begins
    barriers = np.unique(np.concatenate([np.flatnonzero(begins), np.cumsum(lengths)]))
    bounds = barriers[np.searchsorted(barriers, np.arange(size), side="right")]
    return bounds, ~denied


def gold_trees(
    examples: Sequence[Example], tokens: NonSpaceTokens, numbers: Mapping[str, int], cut: int
) -> GoldTrees | None:
    """The true trees of the predicted documents' non-space tokens, made projective; ``None`` if
    nothing is known. Documents are cut into parts of ``cut`` tokens or more, where sentences start.
    """
    heads, names = _true_arcs(examples, tokens)
    if not (heads >= 0).any():
        return None
    relations = np.asarray(
        [_number(name, numbers) if name else NO_RELATION for name in names], dtype=np.int64
    )
    starts = sentence_starts(heads, tokens.lengths)
    return GoldTrees(_cut(tokens.lengths, starts, cut), heads, relations, starts)


def _number(name: str, numbers: Mapping[str, int]) -> int:
    """The number of a relation, or of what it was before it was lifted."""
    found = numbers.get(name)
    return numbers.get(name.partition(DELIMITER)[0], NO_RELATION) if found is None else found


def _true_arcs(examples: Sequence[Example], tokens: NonSpaceTokens) -> tuple[Ints, list[str]]:
    """Heads, numbered by non-space tokens, and names of relations, of projective trees."""
    found = [gold_heads(example) for example in examples]
    sizes = np.asarray([len(heads) for heads, _ in found])
    offsets = np.repeat(np.cumsum(sizes) - sizes, sizes)
    heads = np.concatenate([heads for heads, _ in found])
    ids = np.concatenate([relations for _, relations in found])
    heads = np.where(heads >= 0, heads + offsets, -1)
    if tokens.places is not None:
        renumber = np.full(len(heads) + 1, -1)
        renumber[tokens.places] = np.arange(len(tokens.places))
        heads = renumber[heads[tokens.places]]
        ids = ids[tokens.places]
    return _projective(heads, _strings(ids, examples), tokens.lengths)


def _strings(ids: NDArray[np.uint64], examples: Sequence[Example]) -> list[str]:
    strings = examples[0].reference.vocab.strings
    kinds, inverse = np.unique(ids, return_inverse=True)
    names = [strings[int(key)] if key else "" for key in kinds]
    return [names[at] for at in inverse.tolist()]


def _projective(heads: Ints, names: list[str], lengths: Ints) -> tuple[Ints, list[str]]:
    bad = np.flatnonzero(crossing(heads))
    if not len(bad):
        return heads, names
    ends = np.cumsum(lengths)
    for which in np.unique(np.searchsorted(ends, bad, side="right")).tolist():
        end = int(ends[which])
        start = end - int(lengths[which])
        own = np.where(heads[start:end] >= 0, heads[start:end] - start, -1)
        lifted, renamed = lift(own, names[start:end])
        heads[start:end] = np.where(lifted >= 0, lifted + start, -1)
        names[start:end] = renamed
    return heads, names


def _cut(lengths: Ints, starts: Bools, size: int) -> Ints:
    """Lengths of the parts."""
    if size <= 0 or not len(lengths) or int(lengths.max()) <= size:
        return lengths
    parts = []
    for end, length in zip(np.cumsum(lengths).tolist(), lengths.tolist()):
        begin = end - length
        if length <= size:
            parts.append(length)
            continue
        for at in (np.flatnonzero(starts[begin:end]) + begin).tolist():
            if at - begin >= size:
                parts.append(at - begin)
                begin = at
        parts.append(end - begin)
    return np.asarray(parts, dtype=np.int64)


def count_relations(
    examples: Iterable[Example], least: int
) -> tuple[list[str], list[str], str | None]:
    """The relations of arcs to the left and to the right that are frequent enough, most frequent
    first, and the most frequent relation of roots."""
    left, right, roots = Counter[str](), Counter[str](), Counter[str]()
    for example in examples:
        tokens = NonSpaceTokens.of(Batch([example.predicted]), constrained=False)
        heads, names = _true_arcs([example], tokens)
        for token, (head, name) in enumerate(zip(heads.tolist(), names)):
            if head >= 0 and name:
                counts = roots if head == token else left if head > token else right
                counts[name] += 1
    least = min(least, max(1, (left.total() + right.total()) // 1000))
    root = min(roots, key=lambda name: (-roots[name], name)) if roots else None
    return _frequent(left, least), _frequent(right, least), root


def _frequent(counts: Counter[str], least: int) -> list[str]:
    kept = [name for name, number in counts.items() if number >= least]
    return sorted(kept, key=lambda name: (-counts[name], name))


def parse_tokens(tokens: NonSpaceTokens, scorer: Any, actions: ParserActions) -> Trees:
    """The trees of a batch, in the numbering of its non-space tokens."""
    mapped, lengths = tokens.scorer(scorer), tokens.lengths
    bounds, breaks = tokens.bounds, tokens.breaks
    if lengths.sum() > FEW * lengths.max(initial=0):
        return parse(mapped, lengths, actions, bounds=bounds, breaks=breaks)
    if bounds is None:
        bounds = np.repeat(np.cumsum(lengths), lengths)
    return parse_few(mapped, lengths.tolist(), actions, bounds.tolist(), breaks.tolist())


def finished(tokens: NonSpaceTokens, trees: Trees, names: Sequence[str], lifted: Bools) -> Parse:
    """Trees of the non-space tokens as trees of all tokens of the batch."""
    heads, relations, starts = trees.heads, trees.relations, trees.starts
    if lifted.any():
        heads, relations = _lowered(heads, relations, tokens.lengths, names, lifted)
    if tokens.places is None:
        return Parse(heads, relations, starts)
    return _with_spaces(tokens.batch.lengths, tokens.places, heads, relations, starts)


def _lowered(
    heads: Ints, relations: Ints, lengths: Ints, names: Sequence[str], lifted: Bools
) -> tuple[Ints, Ints]:
    bad = np.flatnonzero((relations >= 0) & lifted[relations])
    ends = np.cumsum(lengths)
    for which in np.unique(np.searchsorted(ends, bad, side="right")).tolist():
        end = int(ends[which])
        start = end - int(lengths[which])
        own = [names[number] if number >= 0 else "" for number in relations[start:end].tolist()]
        heads[start:end] = lower(heads[start:end] - start, own)[0] + start
    return heads, relations


def _with_spaces(lengths: Ints, places: Ints, heads: Ints, relations: Ints, starts: Bools) -> Parse:
    """Trees of the tokens at ``places`` in documents of these lengths, with whitespace attached."""
    size = int(lengths.sum())
    all_heads = np.arange(size)
    all_relations = np.full(size, SPACE_RELATION)
    all_starts = np.zeros(size, dtype=bool)
    begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
    ends = begins + np.repeat(lengths, lengths)
    space = np.ones(size, dtype=bool)
    space[places] = False
    at = np.flatnonzero(space)
    rank = np.searchsorted(places, at)
    bounded = np.concatenate([[-1], places, [size]])
    before, after = bounded[rank], bounded[rank + 1]
    all_heads[at] = np.where(before >= begins[at], before, np.where(after < ends[at], after, at))
    all_relations[at[all_heads[at] == at]] = NO_RELATION
    all_heads[places] = places[heads]
    all_relations[places] = relations
    all_starts[places] = starts
    # A document starts with its first token, even if that is whitespace.
    owners = begins[places]
    all_starts[places[np.diff(owners, prepend=-1) > 0]] = False
    all_starts[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    return Parse(all_heads, all_relations, all_starts)


def write_parse(batch: Batch, parse: Parse, ids: NDArray[np.uint64], root: int, space: int) -> None:
    """Set HEAD, DEP and SENT_START; starts of sentences that are known stay."""
    names = np.concatenate([ids, np.asarray([space, root], dtype=np.uint64)])
    relations = names[parse.relations]
    flags = np.where(parse.starts, 1, -1).astype(np.int8)
    start = 0
    for doc in batch:
        end = start + len(doc)
        doc.set_column("HEAD", (parse.heads[start:end] - start).astype(np.int32))
        doc.set_column("DEP", relations[start:end])
        present = doc.column("SENT_START")
        own = flags[start:end]
        if present is not None and present.any():
            own = np.where(present == 0, own, present)
        doc.set_column("SENT_START", own)
        start = end
