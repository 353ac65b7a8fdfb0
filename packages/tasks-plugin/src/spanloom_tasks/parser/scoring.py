"""Scores of dependency trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.scoring import Counts
from spanloom.scoring.counts import aligned_pairs, spaces_mask

if TYPE_CHECKING:
    from spanloom.examples import Example
    from spanloom.vocab import StringStore

__all__ = ["score_dependencies"]


def score_dependencies(
    examples: Iterable[Example], *, ignore: tuple[str, ...] = ("p", "punct")
) -> dict[str, Any]:
    """Attachment scores: ``dep_uas``, ``dep_las`` and ``dep_las_per_type``.

    A dependency is a pair of token and head (with its label for the labelled score), in the tokens
    of the reference. Tokens whose reference label is in ``ignore`` don't count: punctuation, as in
    the CoNLL-X shared task (Buchholz and Marsi 2006). The score is the F1 of the pairs, as in the
    CoNLL 2018 shared task (Zeman et al. 2018): where the tokens agree, the share of right ones.
    """
    unlabelled, labelled = Counts(), Counts()
    per_type: dict[str, Counts] = {}
    for example in examples:
        gold = _dependencies(example, ignore)
        if gold is None:
            continue
        wanted, ignored = gold
        found = _predicted_dependencies(example, ignored, ignore)
        labelled.add_sets(found, wanted)
        unlabelled.add_sets({pair[:2] for pair in found}, {pair[:2] for pair in wanted})
        for label in {pair[2] for pair in found | wanted}:
            per_type.setdefault(label, Counts()).add_sets(
                {pair for pair in found if pair[2] == label},
                {pair for pair in wanted if pair[2] == label},
            )
    if not labelled:
        return {"dep_uas": None, "dep_las": None, "dep_las_per_type": None}
    table = {label: counts.to_dict() for label, counts in sorted(per_type.items())}
    return {"dep_uas": unlabelled.fscore, "dep_las": labelled.fscore, "dep_las_per_type": table}


_Dependency = tuple[int, int, str]


def _dependencies(
    example: Example, ignore: tuple[str, ...]
) -> tuple[set[_Dependency], set[int]] | None:
    """The reference's dependencies, and the tokens that don't count."""
    doc = example.reference
    heads, labels = doc.column("HEAD"), doc.column("DEP")
    if heads is None or labels is None:
        return None
    name = _cleaner(doc.vocab.strings)
    wanted, ignored = set(), set()
    space = spaces_mask(doc).tolist()
    for token, (head, label) in enumerate(zip(heads.tolist(), labels.tolist())):
        text = name(label)
        if text and text not in ignore and not space[token]:
            wanted.add((token, head, text))
        else:
            ignored.add(token)
    return wanted, ignored


def _predicted_dependencies(
    example: Example, ignored: set[int], ignore: tuple[str, ...]
) -> set[_Dependency]:
    doc = example.predicted
    heads, labels = doc.column("HEAD"), doc.column("DEP")
    if heads is None or labels is None:
        return set()
    name = _cleaner(doc.vocab.strings)
    at, of = aligned_pairs(example)
    place = np.full(len(doc), -1, dtype=np.int64)
    place[at] = of
    found = set()
    for token, there in zip(at.tolist(), of.tolist()):
        label = name(int(labels[token]))
        if there not in ignored and label not in ignore:
            # A head that aligns to no single token can't be right; it counts as found wrongly.
            found.add((there, int(place[heads[token]]), label))
    return found


def _cleaner(strings: StringStore) -> Callable[[int], str]:
    known: dict[int, str] = {}

    def name(key: int) -> str:
        if key not in known:
            known[key] = strings[key].lower() if key else ""
        return known[key]

    return name
