"""Configs that were written for spaCy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tree import leaves

__all__ = ["LACKING_SETTINGS", "is_spacys", "lacking"]

#: Components of spaCy's that we don't have, and what to do without.
_LACKING = {
    "attribute_ruler": "let the tagger and morphologizer learn it",
    "entity_linker": "set kb_id of doc.ents in a component of your own",
    "entity_ruler": "write a component that sets doc.ents",
    "future_entity_ruler": "write a component that sets doc.ents",
    "lemmatizer": "write a component that sets token.lemma_",
    "span_finder": "write a component that sets doc.spans",
    "span_ruler": "write a component that sets doc.spans",
    "spancat": "use 'ner' for spans that don't overlap",
    "spancat_singlelabel": "use 'ner' for spans that don't overlap",
    "trainable_lemmatizer": "write a component that sets token.lemma_",
}

#: Settings of spaCy's that do nothing here but be empty, and what to do instead of setting them.
LACKING_SETTINGS = {
    "nlp.before_creation": "register a language (`languages`), or use after_creation",
    "initialize.vocab_data": "give words their vectors by initialize.vectors",
    "initialize.lookups": "register a language (`languages`) with the norms of its words",
}


def lacking(kind: str, name: Any) -> str | None:
    """What to do about a component of spaCy's that isn't here; ``None`` for other names."""
    return _LACKING.get(name) if kind == "factories" and isinstance(name, str) else None


def is_spacys(config: Mapping[str, Any]) -> bool:
    """Whether a config names functions as spaCy does, and nothing by our names.

    Such a config can't be complete, since ours take arguments that spaCy's don't have. Their
    defaults do what spaCy does, so it may be filled without asking.
    """
    names = [
        value
        for path, value in leaves(config)
        if path.rpartition(".")[2].startswith("@") and isinstance(value, str)
    ]
    return any(name.startswith(("spacy.", "spacy-")) for name in names) and not any(
        name.startswith("spanloom") for name in names
    )
