"""Documents: a text, its tokens, and their annotation in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab import extensions
from ..vocab.columns import COLUMNS
from .annotation import AnnotationMixin
from .build import annotate, check_words, default_spaces
from .saving import SavingMixin
from .showing import ShowingMixin
from .span import Span
from .span_group import SpanGroups
from .text_bound import drop_bound
from .token import Token
from .vectors import VectorMixin

if TYPE_CHECKING:
    from ..vocab import Vocab
    from ..vocab.lexicon import Lexicon
    from ..vocab.strings import StringStore
    from .retokenize import Retokenizer

__all__ = ["Doc"]


class Doc(AnnotationMixin, SavingMixin, ShowingMixin, VectorMixin, extensions.Extensible):
    """A text and its tokens, each with a row of the lexicon and whether a space follows it.

    Annotation is kept in columns, arrays with one value for each token: read them with
    :meth:`column`, and whole texts with :attr:`words`, :attr:`starts` and :attr:`ends`. Tokens
    (``doc[i]``) and spans (``doc[i:j]``) are light views, made on demand.

    ``rows`` is int32 of shape ``(n,)``, rows of ``lexicon``; ``spaces`` is bool of shape ``(n,)``.
    """

    __slots__ = (
        "__weakref__",
        "_cats",
        "_columns",
        "_more",
        "_spans",
        "_starts",
        "_user_data",
        "lexicon",
        "rows",
        "spaces",
        "text",
        "vocab",
    )

    _kind = "doc"

    vocab: Vocab
    lexicon: Lexicon
    text: str
    rows: NDArray[np.int32]
    spaces: NDArray[np.bool_]
    _starts: NDArray[np.int32] | None
    _columns: dict[str, NDArray[Any]] | None
    _spans: SpanGroups | None
    _cats: dict[str, float] | None
    _user_data: dict[Any, Any] | None
    _more: dict[str, Any] | None

    def __init__(
        self,
        vocab: Vocab,
        words: Sequence[str] | None = None,
        spaces: Sequence[bool] | None = None,
        *,
        user_data: dict[Any, Any] | None = None,
        tags: Sequence[str] | None = None,
        pos: Sequence[str] | None = None,
        morphs: Sequence[str] | None = None,
        lemmas: Sequence[str] | None = None,
        heads: Sequence[int] | None = None,
        deps: Sequence[str] | None = None,
        sent_starts: Sequence[bool | int | None] | None = None,
        ents: Sequence[str] | Sequence[Span] | None = None,
    ) -> None:
        """Build a document from words.

        Without ``spaces`` each word is taken to be followed by one (and
        :attr:`has_unknown_spaces` is true). The other arguments annotate the tokens, one value
        each: ``heads`` are absolute indices, ``ents`` is a list of tags such as ``"B-PER"``,
        ``"I-PER"``, ``"O"`` and ``""`` (missing), or of spans.

        Raises :class:`DataError` for lists of different lengths and values that can't be.
        """
        words = check_words(words or [])
        flags = default_spaces(spaces, words)
        self.vocab = vocab
        self.lexicon = vocab.lexicon
        self.text = "".join([w + " " if s else w for w, s in zip(words, flags.tolist())])
        self.rows = self.lexicon.rows_of(words)
        self.spaces = flags
        self._starts = self._columns = self._spans = self._cats = self._more = None
        self._user_data = user_data
        if spaces is None and words:
            self._extra()["unknown_spaces"] = True
        annotate(
            self,
            tags=tags,
            pos=pos,
            morphs=morphs,
            lemmas=lemmas,
            heads=heads,
            deps=deps,
            sent_starts=sent_starts,
            ents=ents,
        )

    @classmethod
    def from_rows(
        cls,
        vocab: Vocab,
        text: str,
        rows: NDArray[np.int32],
        spaces: NDArray[np.bool_],
        lexicon: Lexicon | None = None,
    ) -> Doc:
        """A document of lexicon rows, for tokenizers: nothing is checked or copied.

        The texts of ``rows`` with a space after each where ``spaces`` says so must give ``text``.
        Both arrays may be views on those of a batch.
        """
        doc = cls.__new__(cls)
        doc.vocab = vocab
        doc.lexicon = vocab.lexicon if lexicon is None else lexicon
        doc.text = text
        doc.rows = rows
        doc.spaces = spaces
        doc._starts = doc._columns = doc._spans = doc._cats = doc._user_data = doc._more = None
        return doc

    # Tokens

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, key: int) -> Token: ...
    @overload
    def __getitem__(self, key: slice) -> Span: ...
    def __getitem__(self, key: int | slice) -> Token | Span:
        size = len(self.rows)
        if isinstance(key, slice):
            start, end, step = key.indices(size)
            if step != 1:
                raise DataError(f"a span is a run of tokens: slicing by steps of {step} gives none")
            return Span(self, start, max(start, end))
        if -size <= key < size:
            return Token(self, key if key >= 0 else key + size)
        raise IndexError(f"token {key} of a document of {size} tokens")

    def __iter__(self) -> Iterator[Token]:
        return map(Token, repeat(self), range(len(self.rows)))

    @property
    def words(self) -> list[str]:
        """The text of each token."""
        texts = self.lexicon.texts
        return [texts[row] for row in self.rows.tolist()]

    @property
    def starts(self) -> NDArray[np.int32]:
        """The character offset at which each token starts, int32 of shape ``(n,)``."""
        if self._starts is None:
            sizes = self.lexicon.column("LENGTH")[self.rows] + self.spaces
            starts = np.zeros(len(sizes), dtype=np.int32)
            np.cumsum(sizes[:-1], out=starts[1:], dtype=np.int32)
            self._starts = starts
        return self._starts

    @property
    def ends(self) -> NDArray[np.int32]:
        """The character offset at which each token ends, int32 of shape ``(n,)``."""
        return np.asarray(self.starts + self.lexicon.column("LENGTH")[self.rows])

    # Columns

    def column(self, name: str) -> NDArray[Any] | None:
        """An annotation column, shape ``(n,)``, or ``None`` where there is no such annotation.

        The names are those of :data:`~spanloom.vocab.columns.COLUMNS`. The array is the
        document's own.
        """
        if self._columns is not None and name in self._columns:
            return self._columns[name]
        if name not in COLUMNS:
            raise DataError(f"documents have no column '{name}'. There are: {', '.join(COLUMNS)}")
        return None

    def set_column(self, name: str, values: Any) -> None:
        """Set an annotation column, or take it away with ``None``.

        An array of the right dtype becomes the document's own without a copy. Raises
        :class:`DataError` for an unknown name and a wrong shape.
        """
        if name not in COLUMNS:
            raise DataError(f"documents have no column '{name}'. There are: {', '.join(COLUMNS)}")
        if values is None:
            if self._columns is not None:
                self._columns.pop(name, None)
            return
        array = np.asarray(values, dtype=COLUMNS[name])
        if array.shape != self.rows.shape:
            raise DataError(
                f"the column {name} has the shape {array.shape}, and the document has "
                f"{len(self.rows)} tokens"
            )
        if self._columns is None:
            self._columns = {}
        self._columns[name] = array

    def set_value(self, name: str, i: int, value: int) -> None:
        """Set a column's value for token ``i``; the column is made if there is none."""
        if self._columns is not None and name in self._columns:
            try:
                self._columns[name][i] = value
                return
            except ValueError:  # it can't be written to
                pass
        self.writable(name)[i] = value

    def writable(self, name: str) -> NDArray[Any]:
        """The column as an array that may be written to: made of zeros (HEAD: each token its own
        head) if there is none."""
        array = self.column(name)
        if array is None:
            dtype = COLUMNS[name]
            size = len(self.rows)
            array = np.arange(size, dtype=dtype) if name == "HEAD" else np.zeros(size, dtype=dtype)
            self.set_column(name, array)
        elif not array.flags.writeable:
            array = array.copy()
            self.set_column(name, array)
        return array

    def strings_of(self, name: str) -> StringStore:
        """Where the strings of a column belong: labels in the vocab, what grows with the text
        (lemmas, ids) in the lexicon, which differ for a vocab that is bounded."""
        open_ended = name in ("LEMMA", "ENT_ID", "ENT_KB_ID")
        return self.lexicon.strings if open_ended else self.vocab.strings

    # What hangs on the document

    @property
    def spans(self) -> SpanGroups:
        """Named groups of spans."""
        if self._spans is None:
            self._spans = SpanGroups(self)
        return self._spans

    @property
    def cats(self) -> dict[str, float]:
        """The score of each category."""
        if self._cats is None:
            self._cats = {}
        return self._cats

    @cats.setter
    def cats(self, value: Mapping[str, float]) -> None:
        self._cats = dict(value)

    @property
    def user_data(self) -> dict[Any, Any]:
        """Whatever the user keeps with the document; custom attributes store their values here."""
        if self._user_data is None:
            self._user_data = {}
        return self._user_data

    @user_data.setter
    def user_data(self, value: dict[Any, Any]) -> None:
        self._user_data = value

    def _extra(self) -> dict[str, Any]:
        if self._more is None:
            self._more = {}
        return self._more

    def set_spaces(self, spaces: Any) -> None:
        """Say anew which tokens are followed by a space; the text changes with it. Values that
        belong to the former text (:class:`~spanloom.tokens.TextBound`) are left out."""
        flags = default_spaces(spaces, self.words)
        self.spaces = flags
        words = zip(self.words, flags.tolist(), strict=True)
        self.text = "".join([word + " " if space else word for word, space in words])
        self._starts = None
        drop_bound(self)

    @property
    def has_unknown_spaces(self) -> bool:
        """Whether the spaces were guessed, since the document was built from words alone."""
        return self._more is not None and bool(self._more.get("unknown_spaces"))

    @property
    def text_with_ws(self) -> str:
        """The text, as :attr:`text`."""
        return self.text

    @property
    def doc(self) -> Doc:
        """The document itself, as for a token or span."""
        return self

    @property
    def lang_(self) -> str:
        """The vocab's language."""
        return self.vocab.lang

    @property
    def lang(self) -> int:
        """The id of the vocab's language."""
        return self.vocab.strings.add(self.vocab.lang)

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    # Changing tokens

    def retokenize(self) -> Retokenizer:
        """Merge and split tokens: ``with doc.retokenize() as retokenizer: ...``, see
        :class:`~spanloom.tokens.retokenize.Retokenizer`. It's done when the block ends."""
        from .retokenize import Retokenizer

        return Retokenizer(self)

    # Custom attributes

    @property
    def _(self) -> extensions.Underscore:
        """The custom attributes."""
        return extensions.Underscore("doc", self, self.vocab.extensions, self.user_data)
