"""One rule by which spaCy's names mean ours: ``spacy.X``, ``spacy-transformers.X``, ``srsly.X``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanloom.plugins.registries import SavedPipeline

from .names import our_names

__all__ = ["SPACY", "SpacyDialect"]

_OWN_WORDS = (
    "its library also tags and lemmatizes, which isn't offered: register a tokenizer of that name "
    "that calls it (@registry.tokenizers)"
)
#: What spaCy has and we don't, by registry, and what to do without.
_LACKING = {
    "factories": {"entity_linker": "set kb_id of doc.ents in a component of your own"},
    "tokenizers": {
        "spacy.ja.JapaneseTokenizer": _OWN_WORDS,
        "spacy.ko.KoreanTokenizer": _OWN_WORDS,
    },
    "architectures": {
        "spacy.TextCatLowData.v1": "spaCy can't run it either: use 'spacy.TextCatBOW.v3'",
        "spacy.TorchBiLSTMEncoder.v1": "use 'spacy.MaxoutWindowEncoder.v2'",
    },
}


class SpacyDialect:
    """spaCy's names, and those of spacy-transformers."""

    def our_names(self, name: str) -> Iterator[str]:
        """See :func:`~spanloom_spacy.names.our_names`."""
        return our_names(name)

    def advice(self, registry_name: str, name: str) -> str | None:
        """What to do about a name of spaCy's that isn't here; ``None`` for other names."""
        return _LACKING.get(registry_name, {}).get(name)

    def tokenizer_rules(self, data: bytes) -> dict[str, Any] | None:
        """The rules in the bytes of a tokenizer of spaCy's; ``None`` for other bytes."""
        from .tokenizers import rules_from_bytes

        return rules_from_bytes(data)

    def pipeline(self, source: str | Path | bytes) -> SavedPipeline | None:
        """The pipeline that spaCy saved: a folder, a wheel, an installed package, bytes."""
        from .parts import find_parts

        parts = find_parts(source)
        if parts is None:
            return None
        from .pipeline import SpacyPipeline

        return SpacyPipeline(parts)


SPACY = SpacyDialect()
"""What the registry `dialects` knows as ``spacy``, ``spacy-transformers`` and ``srsly``."""
