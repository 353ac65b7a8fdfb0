"""The numbers of attributes and symbols: ``from spanloom_spacy.attrs import LOWER``.

They are those of ``spacy.attrs`` and ``spacy.symbols``, so that stored arrays fit. Wherever ours
take a number they take a string: ``doc.to_array("LOWER")``.
"""

from __future__ import annotations

from spanloom.vocab.strings import symbol_ids

__all__ = ["IDS", "NAMES"]

IDS = symbol_ids()
"""The number of each name."""

NAMES = {number: name for name, number in IDS.items()}
"""The name of each number."""


def __getattr__(name: str) -> int:
    if name not in IDS:
        raise AttributeError(f"there is no attribute or symbol {name!r}")
    return IDS[name]
