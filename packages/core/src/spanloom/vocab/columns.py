"""The annotation columns of a document."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["COLUMNS", "IOB_BEGIN", "IOB_IN", "IOB_MISSING", "IOB_OUT", "STRING_COLUMNS"]

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
