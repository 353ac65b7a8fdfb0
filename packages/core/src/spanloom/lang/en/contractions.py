"""English contractions, built from the words that contract.

Each is written with a straight or a curly apostrophe or with none, in lower case or capitalised.
Norms say what the part stands for ("n't" is "not"), so that "don't", "don’t" and "dont" get the
same features.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...tokenizer.rules import Piece

__all__ = ["contractions"]

_APOSTROPHES = ("'", "’")

# Without their apostrophe these are other words.
_HOMOGRAPHS = frozenset(["ill", "its", "hell", "shell", "shed", "were", "well", "whore"])

# Verb before "n't", and its norm where that isn't the word itself.
_NEGATED_TWICE = {  # also with "n't've"
    "ca": "can", "could": "", "do": "", "does": "", "did": "do", "had": "have", "may": "",
    "might": "", "must": "", "need": "", "ought": "", "sha": "shall", "should": "",
    "wo": "will", "would": "",
}  # fmt: skip
_NEGATED = {"ai": "", "are": "", "dare": "", "has": "", "have": "", "is": "", "was": "", "were": ""}
_MODALS = ("could", "might", "must", "should", "would")

_PRONOUNS = {
    "i": ("m", "ve"),
    "you": ("re", "ve"),
    "we": ("re", "ve"),
    "they": ("re", "ve"),
    "he": ("s",),
    "she": ("s",),
    "it": ("s",),
}
_WORDS = {
    **dict.fromkeys(("who", "what", "when", "where", "why", "how", "there"), ("s", "re", "ve")),
    **dict.fromkeys(("that", "this"), ("s",)),
    **dict.fromkeys(("these", "those"), ("re", "ve")),
}
_NORMS = {"m": "am", "s": "'s", "re": "are", "ve": "have", "ll": "will", "d": "'d"}

# Informal words that drop a letter, which an apostrophe may mark: norm by word.
_DROPPED_END = {
    "doin": "doing", "goin": "going", "havin": "having", "lovin": "loving", "nothin": "nothing",
    "nuthin": "nothing", "ol": "old", "somethin": "something",
}  # fmt: skip
_DROPPED_START = {
    "bout": "about", "cause": "because", "cos": "because", "coz": "because", "cuz": "because",
    "em": "them", "ll": "will", "nuff": "enough",
}  # fmt: skip


def contractions() -> dict[str, tuple[Piece, ...]]:
    """All contractions: the string, and its tokens with their norms."""
    cases: dict[str, tuple[Piece, ...]] = {}
    for pieces in _apostrophised():
        for variant in _variants(pieces):
            cases["".join(text for text, _ in variant)] = variant
    for text, norm in _fixed():
        cases[text] = ((text, norm),)
    return cases | _irregular()


def _apostrophised() -> Iterator[Sequence[Piece]]:
    """Each contraction once, in lower case, an apostrophe written as ``'``."""
    for verbs, more in ((_NEGATED_TWICE, True), (_NEGATED, False)):
        for verb, norm in verbs.items():
            negation = [(verb, norm or verb), ("n't", "not")]
            yield negation
            if more:
                yield [*negation, ("'ve", "have")]
    for word, endings in {**_PRONOUNS, **_WORDS}.items():
        for ending in (*endings, "ll", "d"):
            yield [(word, word), (f"'{ending}", _norm(word, ending))]
        yield [(word, word), ("'ll", "will"), ("'ve", "have")]
        yield [(word, word), ("'d", "would"), ("'ve", "have")]
    for modal in _MODALS:
        yield [(modal, modal), ("'ve", None)]
    yield [("not", None), ("'ve", "have")]
    yield [("i", "i"), ("'m", "am"), ("a", "gonna")]


def _norm(word: str, ending: str) -> str | None:
    # After a word that isn't a pronoun "'ve" can be read in more ways than one.
    return None if ending == "ve" and word in _WORDS else _NORMS[ending]


def _variants(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, ...]]:
    for capital in (False, True):
        for apostrophe in (*_APOSTROPHES, ""):
            variant = []
            for index, (text, norm) in enumerate(pieces):
                text = text.replace("'", apostrophe)
                variant.append((text.capitalize() if capital and index == 0 else text, norm))
            string = "".join(text for text, _ in variant)
            if apostrophe or string.lower() not in _HOMOGRAPHS:
                yield tuple(_bare(variant) if not apostrophe else variant)


def _bare(pieces: list[Piece]) -> list[Piece]:
    """Without apostrophes a single letter at the end says less, so it keeps its own norm."""
    text, norm = pieces[-1]
    if len(pieces) == 2 and text in ("s", "m"):
        return [pieces[0], (text, None)]
    if len(pieces) == 2 and text == "ve" and norm is None and pieces[0][1] not in _MODALS:
        return [pieces[0], (text, "have")]
    return pieces


def _fixed() -> Iterator[Piece]:
    """Words with an apostrophe that stay one token."""
    for word, norm in _DROPPED_END.items():
        for form in (word, word.capitalize()):
            yield from ((form + mark, norm) for mark in ("", *_APOSTROPHES))
    yield "em", "them"
    yield "ll", "will"
    yield "nuff", "enough"
    for mark in _APOSTROPHES:
        for word, norm in _DROPPED_START.items():
            yield mark + word, norm
            if norm == "because":
                yield mark + word.capitalize(), norm
        yield f"{mark}re", "are"
        yield f"{mark}d", None
        for word, norm in (("ma'am", "madam"), ("o'clock", "o'clock")):
            form = word.replace("'", mark)
            yield form, norm
            yield form.capitalize(), norm
    for mark in ("'", "’", "‘"):
        yield f"{mark}s", "'s"
        yield f"{mark}S", "'s"


def _irregular() -> dict[str, tuple[Piece, ...]]:
    """Contractions of their own kind, and words that run together."""
    cases: dict[str, tuple[Piece, ...]] = {}

    def add(*pieces: Piece, marks: Iterable[str] = _APOSTROPHES, capital: bool = True) -> None:
        for mark in marks:
            variant = tuple((text.replace("'", mark), norm) for text, norm in pieces)
            (first, norm), *rest = variant
            for start in (first, first.capitalize()) if capital else (first,):
                cases["".join([start, *(text for text, _ in rest)])] = ((start, norm), *rest)

    add(("let", None), ("'s", "us"))
    add(("c'm", "come"), ("on", None))
    add(("how", None), ("'d", None), ("'y", "you"))
    add(("y'", "you"), ("all", None), capital=False, marks=("'", "’", ""))
    add(("can", None), ("not", None), marks="'")
    add(("gon", "going"), ("na", "to"), marks="'")
    add(("got", None), ("ta", "to"), marks="'")
    return cases
