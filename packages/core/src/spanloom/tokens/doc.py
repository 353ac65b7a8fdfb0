"""Documents: a text, its tokens, and their annotation in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..io.files import existing, write_bytes
from ..vocab.absent import absent
from ..vocab.columns import COLUMNS
from ..vocab.extensions import Extended, Underscore
from ..vocab.views import InLanguage
from . import annotation, arrays, binary, joining, json_format, slicing, tree, vectors
from .build import EntityLike, annotate, as_span, check_words, default_spaces, joined, set_spaces
from .entities import assign, fields
from .phrases import noun_phrases
from .retokenize import Retokenizer
from .showing import can_render, to_html
from .span import Span
from .span_group import SpanGroups
from .token import Token

if TYPE_CHECKING:
    from ..vocab import Vocab
    from ..vocab.lexicon import Lexicon
    from ..vocab.strings import StringStore
    from ..vocab.vectors import HasVector

__all__ = ["Doc"]


@absent("Doc")
class Doc(InLanguage, Extended):
    """A text and its tokens, each with a row of the lexicon and whether a space follows it.

    Annotation is kept in columns, arrays with one value for each token: read them with
    :meth:`column`, and whole texts with :attr:`words`, :attr:`starts` and :attr:`ends`. Tokens
    (``doc[i]``) and spans (``doc[i:j]``) are light views, made on demand.

    ``rows`` is int32 of shape ``(n,)``, rows of ``lexicon``; ``spaces`` is bool of shape ``(n,)``.
    """

    _kind = "doc"
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
        ents: Sequence[str | None] | Sequence[EntityLike] | None = None,
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
        self.text = joined(words, flags)
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
        doc.vocab, doc.text, doc.rows, doc.spaces = vocab, text, rows, spaces
        doc.lexicon = vocab.lexicon if lexicon is None else lexicon
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
        raise IndexError(f"There is no token {key} in a document of {size} tokens")

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

    def set_column(self, name: str, values: ArrayLike | None) -> None:
        """Set an annotation column, or take it away with ``None``.

        An array of the right dtype becomes the document's own without a copy. Raises
        :class:`DataError` for an unknown name and a wrong shape.
        """
        if name not in COLUMNS:
            raise DataError(f"documents have no column '{name}'. There are: {', '.join(COLUMNS)}")
        if values is None:
            (self._columns or {}).pop(name, None)
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
        return annotation.writable(self, name)

    def strings_of(self, name: str) -> StringStore:
        """Where the strings of a column belong: labels in the vocab, what grows with the text
        (lemmas, ids) in the lexicon, which differ for a vocab that is bounded."""
        open_ended = name in ("LEMMA", "ENT_ID", "ENT_KB_ID")
        return self.lexicon.strings if open_ended else self.vocab.strings

    # What hangs on the document

    @property
    def spans(self) -> SpanGroups:
        """Named groups of spans."""
        self._spans = SpanGroups(self) if self._spans is None else self._spans
        return self._spans

    @property
    def cats(self) -> dict[str, float]:
        """The score of each category."""
        self._cats = {} if self._cats is None else self._cats
        return self._cats

    @cats.setter
    def cats(self, value: Mapping[str, float]) -> None:
        self._cats = dict(value)

    @property
    def user_data(self) -> dict[Any, Any]:
        """Whatever the user keeps with the document; custom attributes store their values here."""
        self._user_data = {} if self._user_data is None else self._user_data
        return self._user_data

    @user_data.setter
    def user_data(self, value: dict[Any, Any]) -> None:
        self._user_data = value

    def _extra(self) -> dict[str, Any]:
        if self._more is None:
            self._more = {}
        return self._more

    def set_spaces(self, spaces: Sequence[bool] | NDArray[np.bool_]) -> None:
        """Say anew which tokens are followed by a space; the text changes with it. Values that
        belong to the former text (:class:`~spanloom.tokens.TextBound`) are left out."""
        set_spaces(self, spaces)

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

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    # Sentences

    @property
    def sent_starts(self) -> NDArray[np.int8]:
        """Whether each token starts a sentence: 1, -1 for no, 0 for unknown; shape ``(n,)``.

        It's the column SENT_START, and if there is none, by the heads: each tree is a sentence.
        """
        return annotation.sent_starts(self)

    def set_sent_start(self, i: int, value: bool | None) -> None:
        """Say whether token ``i`` starts a sentence (``None``: unknown)."""
        annotation.set_sent_start(self, i, value)

    @property
    def sents(self) -> Iterator[Span]:
        """The sentences. Raises :class:`DataError` if nothing has set their boundaries."""
        hook = self.hook("doc", "sents")
        yield from hook(self) if hook else map(Span, repeat(self), *annotation.sentences(self))

    def sentence_at(self, i: int) -> Span:
        """The sentence that token ``i`` is in. Raises :class:`DataError` without sentences."""
        if self.hook("doc", "sents") is not None:
            return next(sent for sent in self.sents if sent.start <= i < sent.end)
        return Span(self, *annotation.sentence_at(self, i))

    @property
    def noun_chunks(self) -> Iterator[Span]:
        """The base noun phrases, see :func:`~spanloom.tokens.phrases.noun_phrases`."""
        return iter([Span(self, *each) for each in noun_phrases(self)])

    # What is annotated

    def has_annotation(self, attr: str | int, *, require_complete: bool = False) -> bool:
        """Whether any token (``require_complete``: every token) has a value for ``attr``.

        An empty document counts as annotated, and one of one token as a sentence.
        """
        return annotation.has_annotation(self, attr, require_complete=require_complete)

    # Entities and character offsets

    @property
    def ents(self) -> tuple[Span, ...]:
        """The named entities, in order; set with spans or tuples ``(label, start, end)``."""
        return tuple(map(Span, repeat(self), *fields(self)))

    @ents.setter
    def ents(self, spans: Iterable[EntityLike]) -> None:
        self.set_ents([as_span(self, span) for span in spans])

    def set_ents(
        self,
        entities: Sequence[Span],
        *,
        blocked: Sequence[Span] = (),
        missing: Sequence[Span] = (),
        outside: Sequence[Span] = (),
        default: str = "outside",
    ) -> None:
        """Set the named entities.

        Tokens of ``blocked`` spans can't be part of one, of ``missing`` ones nothing is known, and
        ``outside`` ones are in none. ``default`` says which of these holds of all other tokens
        ("unmodified" leaves them as they are). Raises :class:`DataError` for spans that overlap.
        """
        groups = {"blocked": blocked, "missing": missing, "outside": outside}
        assign(self, entities, groups, default)

    @property
    def is_nered(self) -> bool:
        """Whether anything is known about entities."""
        return self.has_annotation("ENT_IOB")

    @property
    def is_tagged(self) -> bool:
        """Whether any token has a tag."""
        return self.has_annotation("TAG")

    @property
    def is_parsed(self) -> bool:
        """Whether any token has a relation to its head."""
        return self.has_annotation("DEP")

    @property
    def is_sentenced(self) -> bool:
        """Whether sentence boundaries are known."""
        return self.has_annotation("SENT_START")

    def char_span(
        self,
        start_idx: int,
        end_idx: int,
        label: str | int = 0,
        kb_id: str | int = 0,
        *,
        alignment_mode: str = "strict",
        span_id: str | int = 0,
    ) -> Span | None:
        """The span from one character offset to another, or ``None`` if there isn't one.

        "strict": they must be the bounds of tokens; "contract": all tokens that lie within;
        "expand": all tokens that have a character within.
        """
        bounds = annotation.tokens_at(self, start_idx, end_idx, alignment_mode)
        return None if bounds is None else Span(self, *bounds, label, kb_id, span_id)

    # Arrays

    def to_array(self, py_attr_ids: str | int | Sequence[str | int]) -> NDArray[np.uint64]:
        """Attributes of all tokens as uint64: shape ``(n,)`` for one name, else ``(n, names)``.
        HEAD is the head's offset from the token; it and SENT_START may be negative, as two's
        complement."""
        return arrays.to_array(self, py_attr_ids)

    def from_array(self, attrs: str | int | Sequence[str | int], array: NDArray[Any]) -> Doc:
        """Set attributes from an array as :meth:`to_array` gives it; returns the document itself.

        Raises :class:`DataError` for a wrong shape, heads outside the document, and attributes
        of the words themselves that differ from what they are.
        """
        arrays.from_array(self, attrs, array)
        return self

    def count_by(self, attr_id: str | int) -> dict[int, int]:
        """How many tokens have each value of an attribute."""
        return arrays.count_by(self, attr_id)

    def get_lca_matrix(self) -> NDArray[np.int32]:
        """The lowest common ancestor of each two tokens, int32 of shape ``(n, n)``; -1 if they
        are of different trees."""
        return tree.common_ancestors(self)

    # Changing tokens

    def retokenize(self) -> Retokenizer:
        """Merge and split tokens: ``with doc.retokenize() as retokenizer: ...``, see
        :class:`~spanloom.tokens.retokenize.Retokenizer`. It's done when the block ends."""
        return Retokenizer(self)

    # Vectors

    @property
    def user_hooks(self) -> dict[str, Any]:
        """Functions that stand in for ``vector``, ``has_vector``, ``vector_norm``, ``similarity``
        and ``sents`` of this document."""
        return vectors.hooks(self, "doc")

    @property
    def user_token_hooks(self) -> dict[str, Any]:
        """The same for its tokens."""
        return vectors.hooks(self, "token")

    @property
    def user_span_hooks(self) -> dict[str, Any]:
        """The same for its spans."""
        return vectors.hooks(self, "span")

    def hook(self, kind: str, name: str) -> Callable[..., Any] | None:
        """The hook of that name for the "doc", "token" or "span", ``None`` if there isn't one."""
        return vectors.hook(self, kind, name)

    @property
    def tensor(self) -> Any:
        """Vectors of the tokens that a component left, shape ``(n, width)``; empty if none did."""
        return (self._more or {}).get("tensor", np.zeros(0, dtype=np.float32))

    @tensor.setter
    def tensor(self, value: Any) -> None:
        self._extra()["tensor"] = value

    @property
    def vector(self) -> NDArray[np.float32]:
        """The mean of the tokens' vectors, shape ``(width,)``: of the vocab's vectors, else of
        :attr:`tensor`; or what the hook gives."""
        return vectors.vector(self)

    @property
    def has_vector(self) -> bool:
        """Whether there is a vector for one of its tokens."""
        return vectors.has_vector(self)

    @property
    def vector_norm(self) -> float:
        """The L2 norm of the vector."""
        return vectors.vector_norm(self)

    def similarity(self, other: HasVector) -> float:
        """The cosine of the vectors of this document and of another, or a span, token, lexeme."""
        return vectors.similarity(self, other)

    # Copies, bytes, files and HTML

    def copy(self) -> Doc:
        """A document with the same tokens and annotation. Values in ``user_data`` are shared."""
        return slicing.copy_doc(self)

    @classmethod
    def from_docs(cls, docs: Sequence[Doc], *, ensure_whitespace: bool = True) -> Doc | None:
        """One document of the tokens of several, with their annotation; ``None`` of none.

        ``ensure_whitespace`` puts a space between two where there isn't any. Of values in
        ``user_data`` with one key, the first stays, except those that belong to the text
        (:class:`~spanloom.tokens.TextBound`), which are joined or left out. Raises
        :class:`DataError` if they are of different vocabs.
        """
        return joining.concatenate(cls, docs, ensure_whitespace=ensure_whitespace)

    def to_json(self, underscore: Sequence[str] | None = None) -> dict[str, Any]:
        """The text, tokens and annotation as a dict for JSON, in the form of spaCy's.

        ``underscore`` names custom attributes to take along: of the document, of its tokens, and of
        the spans that were given a value. Raises :class:`DataError` if nobody declared one, and
        :class:`SerializationError` if JSON can't hold its value.
        """
        return json_format.to_json(self, underscore or ())

    def from_json(self, doc_json: dict[str, Any], *, validate: bool = True) -> Doc:
        """Fill an empty document from :meth:`to_json`; returns the document itself.

        Raises :class:`DataError` if the dict isn't of that form, also with ``validate=False``.
        """
        return json_format.from_json(self, doc_json)

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Everything about the document but the vocab, as msgpack; the strings that it needs are
        part of it. ``exclude`` can name "tensor", "user_data", "cats", "spans".

        Raises :class:`SerializationError` for user data that msgpack can't hold.
        """
        return binary.to_bytes(self, frozenset(exclude))

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Doc:
        """Fill an empty document from :meth:`to_bytes`; returns the document itself.

        Raises :class:`SerializationError` if it's something else or of an unknown version.
        """
        return binary.from_bytes(self, bytes_data, frozenset(exclude))

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write :meth:`to_bytes` to a file."""
        write_bytes(path, self.to_bytes(exclude=exclude))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Doc:
        """Fill an empty document from a file that :meth:`to_disk` wrote."""
        return self.from_bytes(existing(path).read_bytes(), exclude=exclude)

    def __reduce__(self) -> tuple[Any, ...]:
        # The vocab's shell: documents never carry vectors, or strings that aren't their own.
        return binary.unpickle, (self.__class__, self.vocab.shell, self.to_bytes())

    def render(self, style: str | Sequence[str] = "auto", **options: Any) -> str:
        """HTML of the document: a fragment, or with ``page=True`` a whole page. ``options`` are
        those of `spanloom_display.render_html`. Raises :class:`DataError` for one that isn't, and
        :class:`UnknownNameError` without ``spanloom-display``."""
        return to_html(self, style, options)

    def _repr_html_(self) -> str | None:
        return self.render() if can_render() else None  # then a notebook shows the text

    # Custom attributes

    @property
    def _(self) -> Underscore:
        """The custom attributes."""
        return Underscore("doc", self, self.vocab.extensions, self.user_data)
