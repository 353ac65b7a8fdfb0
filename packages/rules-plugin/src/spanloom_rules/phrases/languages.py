"""Rules of single languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .families import Reaching
from .rules import NOMINALS, PhraseRules, names
from .trees import Trees

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["DANISH", "HAITIAN", "LATIN", "catalan", "dutch", "finnish", "japanese", "turkish"]

_NEAR = names("fixed nmod:poss amod flat goeswith nummod appos")

DANISH = Reaching(left=_NEAR | {"det"}, right=_NEAR)
LATIN = Reaching(left=_NEAR | {"det"}, right=_NEAR | {"nmod", "det"})


def _haitian(trees: Trees, i: int, joined: bool) -> tuple[int, int]:
    start, end = trees.left[i], i
    if trees.pos[start] == ("CCONJ" if joined else "ADP"):
        start += 1
    parts = names("compound flat flat:name fixed")
    for child in [] if joined else trees.rights(i):
        if trees.dep[child] in parts or trees.pos[child] == "NOUN":
            end = trees.right[child]
    return start, end


HAITIAN = PhraseRules(names("nsubj obj obl nmod appos ROOT"), _haitian)

_DUTCH = names("amod nmod:poss det det:poss")


def dutch(doc: Doc) -> Iterator[tuple[int, int]]:
    """Nouns with their adjectives, articles and possessives, unless they have a subject; pronouns
    that are one."""
    trees, last = Trees(doc), -1
    for i in trees.of_parts(("NOUN", "PRON")):
        words = [i]
        if trees.pos[i] == "PRON":
            if trees.dep[i] not in ("nsubj", "nsubj:pass"):
                continue
        elif any(trees.dep[child] == "nsubj" for child in trees.children(i)):
            continue
        else:
            words += [child for child in trees.children(i) if trees.dep[child] in _DUTCH]
        if min(words) > last:
            last = max(words)
            yield min(words), last + 1


_CATALAN = names("nsubj nsubj:pass obj obl iobj ROOT appos nmod nmod:poss")


def catalan(doc: Doc) -> Iterator[tuple[int, int]]:
    """Nouns with all that belongs to them, but for prepositions, marks at both ends, clauses and
    appositions."""
    trees, last = Trees(doc), -1
    for i in trees.of_parts(("NOUN", "PROPN")):
        if trees.left[i] <= last or trees.dep[i] not in _CATALAN:
            continue
        start, last = trees.left[i], trees.right[i]
        end = last + 1
        for word in range(i + 1, trees.right[i]):
            clause = trees.pos[word] == "VERB"
            if clause or trees.dep[word] == "appos":
                last = trees.left[word] - 1
                end = trees.left[word] + (not clause)
        start += trees.pos[start] in ("ADP", "PUNCT")
        end -= trees.pos[trees.right[i]] == "PUNCT"
        if start < end:
            yield start, end


_FINNISH = names("appos nsubj nsubj:cop obj obl ROOT")
_FINNISH_PARTS = names(
    "amod compound compound:nn flat:name nmod nmod:gobj nmod:gsubj nmod:poss nummod"
)


def _is_finnish_head(trees: Trees, i: int) -> bool:
    likely = trees.dep[i] in _FINNISH or trees.pos[trees.heads[i]] == "PRON"
    return likely and trees.pos[i] in ("NOUN", "PROPN")


def finnish(doc: Doc) -> Iterator[tuple[int, int]]:
    """Nouns with modifiers on both sides; coordinated ones, too."""
    trees, last = Trees(doc), -1
    for i in range(len(doc)):
        joined = trees.dep[i] == "conj" and _is_finnish_head(trees, trees.heads[i])
        if i < last or not (joined or _is_finnish_head(trees, i)):
            continue
        first = (c for c in trees.lefts(i) if trees.dep[c] in _FINNISH_PARTS)
        start = next((trees.left[child] for child in first), i)
        if start > last:
            behind = [c for c in trees.rights(i) if trees.dep[c] in _FINNISH_PARTS]
            last = behind[-1] if behind else i
            yield start, last + 1


_JAPANESE = names("nsubj nmod ddoclike nsubjpass pcomp pdoclike doclike obl dative appos attr ROOT")


def japanese(doc: Doc) -> Iterator[tuple[int, int]]:
    """Nouns with what belongs to them and stands before them. What belongs to a phrase, or follows
    its verb, is in no other."""
    trees, taken = Trees(doc), set[int]()
    for i in trees.of_parts(NOMINALS):
        if i in taken or trees.dep[i] not in _JAPANESE:
            continue
        below = trees.below(i)
        start = next(word for word in below if word not in taken)
        taken.update(below, range(i + 1))
        head = trees.heads[i]
        if trees.pos[head] == "VERB":
            taken.update([head], trees.rights(head))
        if start <= i:
            yield start, i + 1


_TURKISH = names("nsubj iobj obj obl appos orphan dislocated ROOT")


def turkish(doc: Doc) -> Iterator[tuple[int, int]]:
    """From the end of the text on: nouns with what is before them, without conjunctions, and parts
    of names behind them."""
    trees, first = Trees(doc), len(doc)
    for i in reversed(trees.of_parts(NOMINALS)):
        joined = trees.dep[i] == "conj"
        if i >= first or not (joined or trees.dep[i] in _TURKISH):
            continue
        first = start = trees.left[i]
        start = trees.right[first] + 1 if joined else start
        end = i
        for child in trees.rights(i):
            if trees.dep[child] != "flat" or trees.pos[child] not in ("NOUN", "PROPN"):
                break
            end = child
        if start <= end:
            yield start, end + 1
