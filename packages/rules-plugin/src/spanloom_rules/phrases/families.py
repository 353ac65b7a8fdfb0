"""Rules that several languages share."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .rules import NOMINALS, PhraseRules, names
from .trees import Trees

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = [
    "ENGLISH",
    "FRENCH",
    "GERMAN",
    "GREEK",
    "INDONESIAN",
    "ITALIAN",
    "PERSIAN",
    "PORTUGUESE",
    "SPANISH",
    "SWEDISH",
    "UNIVERSAL",
    "Reaching",
]


def _to_the_word(trees: Trees, i: int, joined: bool) -> tuple[int, int]:  # noqa: ARG001
    return trees.left[i], i


def _whole(trees: Trees, i: int, joined: bool) -> tuple[int, int]:  # noqa: ARG001
    return trees.left[i], trees.right[i]


ENGLISH = PhraseRules(
    names("oprd nsubj dobj nsubjpass pcomp pobj dative appos attr ROOT"), _to_the_word
)
PERSIAN = PhraseRules(names("nsubj dobj nsubjpass pcomp pobj dative appos attr ROOT"), _to_the_word)
INDONESIAN = PhraseRules(names("nsubj nsubj:pass obj iobj ROOT appos nmod nmod:poss"), _whole)
SWEDISH = PhraseRules(names("nsubj nsubj:pass dobj obj iobj ROOT appos nmod nmod:poss"), _whole)


def _to_close_apposition(trees: Trees, i: int, joined: bool) -> tuple[int, int]:  # noqa: ARG001
    """With what is measured or named behind the noun: "eine Tasse Tee", "das Thema Familie"."""
    close = [
        child
        for child in trees.rights(i)
        if trees.pos[child] in ("NOUN", "PROPN") and trees.dep[child] == "nk"
    ]
    return trees.left[i], close[-1] if close else i


GERMAN = PhraseRules(
    names("sb oa da nk mo ag ROOT root cj pd og app"), _to_close_apposition, coordinated=False
)


def _with_genitive(trees: Trees, i: int, joined: bool) -> tuple[int, int]:
    """With the first modifier behind a noun: "γραμμή παραγωγής"."""
    modifiers = [child for child in trees.rights(i) if trees.dep[child] == "nmod"]
    with_it = modifiers and trees.pos[i] == "NOUN" and not joined
    return trees.left[i], modifiers[0] if with_it else i


GREEK = PhraseRules(names("nsubj obj iobj appos ROOT obl"), _with_genitive)


@dataclass(frozen=True)
class _Romance:
    """To the left without preposition or conjunction; to the right with what the first child there
    begins: adjectives, an article that isn't a relative pronoun, parts of names."""

    names: frozenset[str]
    articles: frozenset[str] = frozenset()

    def __call__(self, trees: Trees, i: int, joined: bool) -> tuple[int, int]:
        start = trees.left[i]
        if trees.pos[start] == ("CCONJ" if joined else "ADP"):
            start += 1
        return start, i if joined else self._end(trees, i)

    def _end(self, trees: Trees, i: int) -> int:
        for child in trees.rights(i)[:1]:
            dep = trees.dep[child]
            if dep == "amod":
                return trees.right[child]
            if dep in self.articles and trees.pos[child] == "DET":
                return child
            if dep in self.names:
                return trees.right[i]
        return i


_SUBJECTS = "nsubj nsubj:pass obj obl nmod pcomp appos ROOT"
SPANISH = PhraseRules(names(_SUBJECTS), _Romance(names("flat fixed compound")))
FRENCH = PhraseRules(
    names(f"{_SUBJECTS} obl:agent obl:arg obl:mod"),
    _Romance(names("flat flat:name flat:foreign fixed compound"), names("det")),
)
PORTUGUESE = PhraseRules(
    names(f"{_SUBJECTS} obl:agent"), _Romance(names("flat flat:name fixed compound"), names("det"))
)
ITALIAN = PhraseRules(
    names(f"{_SUBJECTS} obl:agent"),
    _Romance(names("flat flat:name fixed compound"), names("det det:poss")),
)


@dataclass(frozen=True)
class Reaching:
    """Phrases of nouns that reach as far as children of some relations, these as far as theirs, but
    not over a verb or a mark: Danish, Latin."""

    left: frozenset[str]
    right: frozenset[str]

    def __call__(self, doc: Doc) -> Iterator[tuple[int, int]]:
        """The first token of each phrase, and the one after its last."""
        trees, last = Trees(doc), -1
        for i in trees.of_parts(NOMINALS):
            start = min((c for c in trees.lefts(i) if trees.dep[c] in self.left), default=i)
            if start > last:
                last = self._end(trees, i)
                yield start, last + 1

    def _end(self, trees: Trees, i: int) -> int:
        end = i
        for child in trees.rights(i):
            if trees.dep[child] in self.right:
                reach = self._end(trees, child)
                if _broken(trees, range(i, reach)):
                    break
                end = reach
        return end


def _broken(trees: Trees, words: Collection[int]) -> bool:
    return any(trees.pos[i] in ("VERB", "AUX") or trees.dep[i] == "punct" for i in words)


_INNER = names("flat fixed compound goeswith nummod amod det clf")


def _around(trees: Trees, i: int, joined: bool) -> tuple[int, int]:  # noqa: ARG001
    """With modifiers that stand next to the word, and next to each other."""
    start, end = i, i
    for child in reversed(trees.lefts(i)):
        if trees.right[child] != start - 1 or not _inner(trees.dep[child]):
            break
        start = trees.left[child]
    for child in trees.rights(i):
        if trees.left[child] != end + 1 or not _inner(trees.dep[child]):
            break
        end = trees.right[child]
    return start, end


def _inner(dep: str) -> bool:
    return dep == "nmod:poss" or dep.partition(":")[0] in _INNER


@dataclass(frozen=True)
class _Universal:
    """Base phrases of any nominal that isn't a part of another's, by the relations of Universal
    Dependencies."""

    def __call__(self, doc: Doc) -> Iterator[tuple[int, int]]:
        """The first token of each phrase, and the one after its last."""
        trees, last = Trees(doc), -1
        for i in trees.of_parts(NOMINALS):
            if i > last and not _inner(trees.dep[i]):
                start, end = _around(trees, i, False)
                if start > last:
                    last = end
                    yield start, end + 1


UNIVERSAL = _Universal()
