"""Numbers of symbols, by name."""

from __future__ import annotations

from spanloom.vocab.strings import symbol_ids

globals().update(symbol_ids())
