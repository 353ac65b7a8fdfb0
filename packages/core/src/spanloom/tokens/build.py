"""Checking and setting what a document is constructed from."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.columns import IOB_BEGIN, IOB_IN, IOB_OUT, check_strings
from .span import Span
from .text_bound import drop_bound
from .tree import circle, tree_starts

if TYPE_CHECKING:
    from .forward import Doc

__all__ = [
    "annotate",
    "as_span",
    "check_trees",
    "check_words",
    "default_spaces",
    "joined",
    "parse_ent_tags",
    "set_spaces",
]


def check_words(words: Sequence[str]) -> list[str]:
    """The words as a list. Raises :class:`DataError` for one that isn't a string."""
    if isinstance(words, str):
        raise DataError(f"words must be a list of strings, not a single string ({words!r:.60})")
    words = list(words)
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise DataError(f"word {i} must be a string, not {type(word).__name__} ({word!r:.60})")
        if not word:
            raise DataError(f"word {i} is empty: each token has at least one character")
    return words


def default_spaces(
    spaces: Sequence[bool] | NDArray[np.bool_] | None, words: Sequence[str]
) -> NDArray[np.bool_]:
    """Whether a space follows each word: after all of them unless ``spaces`` says so."""
    if spaces is None:
        return np.ones(len(words), dtype=np.bool_)
    check_length("spaces", spaces, len(words))
    return np.array(spaces, dtype=np.bool_)


def joined(words: Sequence[str], spaces: NDArray[np.bool_]) -> str:
    """The text of words with a space after each where ``spaces`` says so."""
    pairs = zip(words, spaces.tolist(), strict=True)
    return "".join([word + " " if space else word for word, space in pairs])


def set_spaces(doc: Doc, spaces: Sequence[bool] | NDArray[np.bool_]) -> None:
    """See :meth:`Doc.set_spaces`."""
    doc.spaces = default_spaces(spaces, doc.words)
    doc.text = joined(doc.words, doc.spaces)
    doc._starts = None
    drop_bound(doc)


def check_length(name: str, values: Sized, size: int) -> None:
    """Raise :class:`DataError` if there isn't one value for each word."""
    if len(values) != size:
        raise DataError(f"There are {len(values)} {name} for {size} words: give one for each word")


def annotate(
    doc: Doc,
    *,
    ents: Sequence[Any] | None,
    heads: Sequence[int | None] | None,
    sent_starts: Sequence[bool | int | None] | None,
    morphs: Sequence[str | None] | None,
    **labels: Sequence[str | None] | None,
) -> None:
    """Set the annotation that was given to a new document."""
    names = {"tags": "TAG", "pos": "POS", "lemmas": "LEMMA", "deps": "DEP"}
    for argument, values in labels.items():
        if values is not None:
            set_strings(doc, argument, names[argument], values)
    if morphs is not None:
        check_length("morphs", morphs, len(doc))
        add = doc.vocab.morphology.add
        doc.set_column("MORPH", [0 if feats is None else add(feats) for feats in morphs])
    if heads is not None:
        set_heads(doc, heads)
    if sent_starts is not None:
        check_length("sent_starts", sent_starts, len(doc))
        doc.set_column("SENT_START", [_sent_start(i, s) for i, s in enumerate(sent_starts)])
    if ents is not None:
        set_ents(doc, ents)


def _sent_start(i: int, value: bool | int | None) -> int:
    """1, -1 or 0 for yes, no and unknown: from a bool or ``None``, or the number itself."""
    if value is None:
        return 0
    if isinstance(value, bool | np.bool_):
        return 1 if value else -1
    if value not in (-1, 0, 1):
        raise DataError(
            f"sent_starts: the value of word {i} is {value!r}: use True, False or None for unknown "
            f"(or 1, -1 and 0)"
        )
    return int(value)


def set_strings(doc: Doc, argument: str, name: str, values: Sequence[Any]) -> None:
    """Set a column of string ids from strings; ``None`` and "" are missing values."""
    check_length(argument, values, len(doc))
    for i, value in enumerate(values):
        if value is not None and not isinstance(value, str):
            raise DataError(
                f"{argument}: the value of word {i} ({doc.words[i]!r}) must be a string or None, "
                f"not {type(value).__name__} ({value!r:.60})"
            )
    check_strings(name, values, argument)
    doc.set_column(name, doc.strings_of(name).ids([value or "" for value in values]))


def set_heads(doc: Doc, heads: Sequence[int | None]) -> None:
    """Set the heads, absolute indices. A word whose head is ``None`` begins no sentence. Raises
    :class:`DataError` for one outside the document, and for heads that go in a circle."""
    size = len(doc)
    check_length("heads", heads, size)
    for i, head in enumerate(heads):
        if head is not None and not 0 <= head < size:
            raise DataError(
                f"heads: the head of word {i} ({doc.words[i]!r}) is {head}, but the document has "
                f"words 0 to {size - 1}. Heads are absolute indices; a root is its own head."
            )
    column = np.array([i if head is None else head for i, head in enumerate(heads)], np.int32)
    check_trees(doc, column)
    doc.set_column("HEAD", column)
    if None in heads and doc.column("DEP") is None:
        missing = np.array([head is None for head in heads])
        doc.set_column("SENT_START", tree_starts(column, missing))


def check_trees(doc: Doc, heads: NDArray[np.integer]) -> None:
    """Raise :class:`DataError` if heads, absolute indices, go in a circle."""
    if around := circle(heads):
        shown = ", ".join(f"word {i} ({doc.words[i]!r})" for i in around[:5])
        raise DataError(
            f"heads form a circle at {shown}{', ...' * (len(around) > 5)} of "
            f"{' '.join(doc.words[:12])!r:.60}: one of these words must have its head elsewhere, "
            "or be a root, which is its own head"
        )


#: An entity, or its label, maybe its id in a knowledge base, its first token and the one after it.
EntityLike = Span | tuple[str | int, int, int] | tuple[str | int, str | int, int, int]


def as_span(doc: Doc, given: EntityLike) -> Span:
    """A span itself, or that of a ``(label, start, end)`` or ``(label, kb_id, start, end)`` tuple.

    Raises :class:`DataError` for anything else.
    """
    if isinstance(given, Span):
        return given
    if not isinstance(given, tuple) or len(given) not in (3, 4):
        raise DataError(f"an entity is a Span or a tuple (label, start, end), not {given!r:.80}")
    kb_id = given[1] if len(given) == 4 else 0
    return Span(doc, given[-2], given[-1], given[0], kb_id)


def set_ents(doc: Doc, ents: Sequence[EntityLike] | Sequence[str | None]) -> None:
    """Set the entities from spans, or from one tag for each word."""
    if any(isinstance(ent, Span | tuple) for ent in ents):
        doc.ents = cast("Sequence[EntityLike]", ents)
        return
    check_length("ents", ents, len(doc))
    iob, labels = parse_ent_tags(cast("Sequence[str | None]", ents))
    doc.set_column("ENT_IOB", iob)
    doc.set_column("ENT_TYPE", doc.vocab.strings.ids(labels))


def parse_ent_tags(tags: Sequence[str | None]) -> tuple[NDArray[np.int8], list[str]]:
    """The codes and labels of IOB or BILUO tags; "" , ``None`` and "-" are missing values.

    Raises :class:`DataError` for a tag that is none.
    """
    codes = {"B": IOB_BEGIN, "U": IOB_BEGIN, "I": IOB_IN, "L": IOB_IN}
    iob = np.zeros(len(tags), dtype=np.int8)
    labels = []
    before = ""
    for i, tag in enumerate(tags):
        prefix, _, label = (tag or "").partition("-")
        if tag in (None, "", "-"):
            label = ""
        elif tag == "O":
            iob[i], label = IOB_OUT, ""
        elif prefix in codes and label:
            # An "I-" that doesn't go on with the entity before it begins another.
            iob[i] = codes[prefix] if prefix in "BU" or label == before else IOB_BEGIN
        else:
            raise DataError(
                f"ents: the tag of word {i} is {tag!r}: use 'O', 'B-LABEL', 'I-LABEL', 'L-LABEL', "
                f"'U-LABEL', or '' for a missing value"
            )
        labels.append(label)
        before = label
    return iob, labels
