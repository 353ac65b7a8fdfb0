"""The values of an attribute for all tokens of a document, as patterns compare them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.tokens import Doc
from spanloom.vocab.attrs import LEXICAL_ATTRS

__all__ = ["NEEDED", "annotated", "lacks", "values"]

#: Annotation that must be there where something asks for it, and who sets it.
NEEDED = {
    "TAG": "tagger",
    "POS": "morphologizer",
    "MORPH": "morphologizer",
    "LEMMA": "lemmatizer",
    "DEP": "parser",
}


def lacks(doc: Doc, attr: str) -> bool:
    """Whether no token of a document that isn't empty has a value of this annotation."""
    column = doc.column(attr)
    return bool(len(doc)) and (column is None or not column.any())


def values(doc: Doc, attr: str) -> NDArray[Any]:
    """An attribute of words or annotation of all tokens, shape ``(len(doc),)``."""
    if attr in LEXICAL_ATTRS:
        found: NDArray[Any] = doc.lexicon.column(attr)[doc.rows]
        return found
    return annotated(doc, attr)


def annotated(doc: Doc, attr: str) -> NDArray[Any]:
    """An attribute of annotation of all tokens, shape ``(len(doc),)``."""
    if attr == "SENT_START":
        starts: NDArray[np.bool_] = doc.sent_starts == 1
        if len(starts) and doc.column("SENT_START") is None:
            starts[0] = True
        return starts
    if attr in ("SPACY", "IDX", "LANG", "HEAD"):
        array = doc.to_array(attr)
        return array if attr == "LANG" else array.view(np.int64)
    column = doc.column(attr)
    return np.zeros(len(doc), dtype=np.int8) if column is None else column
