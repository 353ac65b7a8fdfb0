"""Reading and writing ``.spacy`` files as training data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["read_spacy", "write_spacy"]


def read_spacy(path: str | Path, vocab: Vocab) -> Iterator[Doc]:
    """The documents of a ``.spacy`` file.

    Raises :class:`MissingFileError`, and :class:`SerializationError` if it's damaged.
    """
    from .docbin import DocBin

    yield from DocBin().from_disk(path).get_docs(vocab)


def write_spacy(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write documents with all their annotation to a ``.spacy`` file, which spaCy reads. Returns
    how many. Raises :class:`SerializationError` for user data that isn't plain."""
    from .docbin import DocBin

    collected = DocBin(store_user_data=True, docs=docs)
    collected.to_disk(path)
    return len(collected)
