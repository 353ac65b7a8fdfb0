"""Base noun phrases, which the rules of a language find in the trees of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["noun_phrases"]


def noun_phrases(doc: Doc) -> list[tuple[Any, ...]]:
    """Start, end and label of each noun phrase that has no others in it, by the rules of the
    vocab's language, else those of Universal Dependencies.

    Raises :class:`UnknownNameError` without ``spanloom-rules``, which has the rules, and
    :class:`DataError` if the document has no trees or parts of speech.
    """
    from ..plugins.registries import registry

    known, lang = registry.syntax_iterators, doc.vocab.lang
    find = known.get(lang if lang in known else "xx")
    # All at once: the caller may merge tokens as it goes.
    return [(start, end, *(label or ["NP"])) for start, end, *label in find(doc)]
