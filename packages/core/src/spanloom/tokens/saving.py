"""Documents as bytes, JSON and files, and copies of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..io.files import existing, write_bytes
from . import jsonic, slicing
from .storage import binary

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["SavingMixin"]


class SavingMixin:
    """The part of :class:`~spanloom.tokens.Doc` that copies, saves and reads."""

    __slots__ = ()

    def copy(self) -> Doc:
        """A document with the same tokens and annotation. Values in ``user_data`` are shared."""
        return slicing.copy_doc(cast("Doc", self))

    @classmethod
    def from_docs(cls, docs: Sequence[Doc], *, ensure_whitespace: bool = True) -> Doc | None:
        """One document of the tokens of several, with their annotation; ``None`` of none.

        ``ensure_whitespace`` puts a space between two where there isn't any. Of values in
        ``user_data`` with one key, the first stays, except those that belong to the text
        (:class:`~spanloom.tokens.TextBound`), which are joined or left out. Raises
        :class:`DataError` if they are of different vocabs.
        """
        of = cast("type[Doc]", cls)
        return slicing.concatenate(of, docs, ensure_whitespace=ensure_whitespace)

    def to_json(self, underscore: Sequence[str] | None = None) -> dict[str, Any]:
        """The text, tokens and annotation as a dict for JSON, in the form of spaCy's.

        ``underscore`` names custom attributes of the document to take along. Raises
        :class:`DataError` if nobody declared one, and :class:`SerializationError` if JSON can't
        hold its value.
        """
        return jsonic.to_json(cast("Doc", self), underscore or ())

    def from_json(self, data: dict[str, Any]) -> Doc:
        """Fill an empty document from :meth:`to_json`; returns the document itself.

        Raises :class:`DataError` if the dict isn't of that form.
        """
        return jsonic.from_json(cast("Doc", self), data)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Everything about the document but the vocab, as msgpack; the strings that it needs are
        part of it. ``exclude`` can name "tensor", "user_data", "cats", "spans".

        Raises :class:`SerializationError` for user data that msgpack can't hold.
        """
        return binary.to_bytes(cast("Doc", self), frozenset(exclude))

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Doc:
        """Fill an empty document from :meth:`to_bytes`; returns the document itself.

        Raises :class:`SerializationError` if it's something else or of an unknown version.
        """
        return binary.from_bytes(cast("Doc", self), data, frozenset(exclude))

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write :meth:`to_bytes` to a file."""
        write_bytes(path, self.to_bytes(exclude=exclude))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Doc:
        """Fill an empty document from a file that :meth:`to_disk` wrote."""
        return self.from_bytes(existing(path).read_bytes(), exclude=exclude)

    def __reduce__(self) -> tuple[Any, ...]:
        # The vocab's shell: documents never carry vectors, or strings that aren't their own.
        doc = cast("Doc", self)
        return binary.unpickle, (doc.__class__, doc.vocab.shell, doc.to_bytes())
