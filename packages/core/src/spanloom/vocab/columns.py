"""The annotation columns of a document."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..errors import DataError

__all__ = [
    "COLUMNS",
    "IOB_BEGIN",
    "IOB_IN",
    "IOB_MISSING",
    "IOB_OUT",
    "PARTS_OF_SPEECH",
    "STRING_COLUMNS",
    "check_strings",
]

#: Columns that hold string ids.
STRING_COLUMNS = ("TAG", "POS", "MORPH", "LEMMA", "DEP", "ENT_TYPE", "ENT_ID", "ENT_KB_ID")

#: The dtype of each column. HEAD holds absolute token indices; SENT_START 1 (starts a sentence),
#: -1 (doesn't) or 0 (unknown); ENT_IOB the codes below.
COLUMNS: dict[str, type[np.generic[Any]]] = {
    **dict.fromkeys(STRING_COLUMNS, np.uint64),
    "HEAD": np.int32,
    "ENT_IOB": np.int8,
    "SENT_START": np.int8,
}

#: Codes of ENT_IOB: nothing known, inside, outside and at the beginning of an entity.
IOB_MISSING, IOB_IN, IOB_OUT, IOB_BEGIN = 0, 1, 2, 3

#: The universal parts of speech, and those that spaCy adds to them.
PARTS_OF_SPEECH = [
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "CONJ", "DET", "EOL", "INTJ", "NOUN",
    "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SPACE", "SYM", "VERB", "X",
]  # fmt: skip


def check_strings(name: str, values: Iterable[str | None], where: str) -> None:
    """Raise :class:`DataError` for values that a column can't have: POS has those of
    `PARTS_OF_SPEECH` and none, the others any. ``where`` says what is to be set."""
    if name != "POS":
        return
    for value in dict.fromkeys(values):
        if value and value not in PARTS_OF_SPEECH:
            near = get_close_matches(value.upper(), PARTS_OF_SPEECH, n=1)
            raise DataError(
                f"{where}: there is no part of speech {value!r}"
                + (f" (did you mean '{near[0]}'?)" if near else "")
                + f": it is one of {' '.join(PARTS_OF_SPEECH)}; tags of other sets are tags"
            )
