"""What tags, relations and labels of entities mean, in words."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

__all__ = ["explain"]


def explain(term: str) -> str | None:
    """What a part of speech, a tag, a relation or a label means, such as ``NNP``: those of
    Universal Dependencies, of the Penn Treebank, and of spaCy's English pipelines. ``None`` for
    others. A subtype that isn't known (``nmod:gen``) has the meaning of its type."""
    known = _glossary()
    return known.get(term) or known.get(term.partition(":")[0])


@cache
def _glossary() -> dict[str, str]:
    terms: dict[str, str] = json.loads(Path(__file__).with_suffix(".json").read_text("utf8"))
    return terms
