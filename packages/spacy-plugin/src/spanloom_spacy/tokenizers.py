"""The rules that spaCy's tokenizers save."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spanloom.io import msgpack
from spanloom.tokenizer.rules import checked_case

__all__ = ["PATTERNS", "rules_from_bytes"]

PATTERNS: Mapping[str, str] = {
    "prefix": "prefix_search",
    "suffix": "suffix_search",
    "infix": "infix_finditer",
    "token": "token_match",
    "url": "url_match",
}
"""Our name for a pattern -> spaCy's."""


def rules_from_bytes(data: bytes) -> dict[str, Any] | None:
    """Rules that ``Tokenizer.to_bytes`` of spaCy gave, by the fields of our ``TokenizerRules``;
    ``None`` if they are something else. Raises :class:`DataError` for a special case whose tokens
    don't spell its string."""
    try:
        state = msgpack.loads(data)
    except Exception:
        return None
    if not isinstance(state, dict) or not {"exceptions", *PATTERNS.values()} <= state.keys():
        return None
    cases = {
        string: [[text, norm] for text, norm in checked_case(string, pieces)]
        for string, pieces in state["exceptions"].items()
    }
    return {
        "special_cases": cases,
        **{ours: state[name] for ours, name in PATTERNS.items()},
        "whole_pictures": False,
        "cases_inside": not state.get("faster_heuristics", True),
    }
