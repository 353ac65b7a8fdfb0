"""What CoNLL-U says that a document has no place for: comments, ranges of words, enhanced
dependencies, other keys of MISC, empty nodes.

It is kept in ``doc.user_data``, where values of tokens are, so that it follows slices and copies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["KNOWN", "Extra", "extras_of", "keep_extras", "misc_with"]

Extra = dict[str, Any]
"""Of a word: ``comments``, the lines before its sentence; ``range``, the words in its range and the
range's columns; ``xpos`` if it is missing; ``misc`` and ``deps``, its columns; ``before`` and
``after``, lines of empty nodes. With the last three, which hold numbers of words, ``place``: its
number and that of words."""

#: Keys of MISC that a document holds.
KNOWN = (
    "SpaceAfter",
    "SpacesAfter",
    "SpacesBefore",
    "SpacesInToken",
    "NER",
    "NE",
    "name",
    "Entity",
)


def keep_extras(doc: Doc, extras: Sequence[Extra]) -> None:
    """Keep what there is of each token."""
    starts = doc.starts.tolist()
    for start, extra in zip(starts, extras, strict=True):
        if extra:
            doc.user_data["._.", "conllu", start, None] = extra


def extras_of(doc: Doc) -> list[Extra]:
    """What is kept of each token."""
    data: Mapping[Any, Any] = doc.user_data
    found = [data.get(("._.", "conllu", start, None)) for start in doc.starts.tolist()]
    return [each if isinstance(each, dict) else {} for each in found]


def misc_with(parts: Sequence[str], kept: str) -> str:
    """MISC with these parts of ours and what was in it: as it was, if ours are the same."""
    was = [part for part in kept.split("|") if part not in ("", "_")]
    ours = [part for part in parts if part]
    known = [part for part in was if part.partition("=")[0] in KNOWN]
    if sorted(known) == sorted(ours):
        return "|".join(was)
    return "|".join([*ours, *(part for part in was if part not in known)])
