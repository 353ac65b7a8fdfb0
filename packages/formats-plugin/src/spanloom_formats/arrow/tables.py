"""Documents as Arrow tables: one row each, annotation in lists, as other tools read them.

Needs pyarrow (``pip install 'spanloom[arrow]'``). Tokens travel in bulk for each batch of rows,
as in :mod:`spanloom.tokens.storage.columnar`. The columns of a table:

- ``text``, and ``tokens``, ``spaces`` (whether one follows; null where that isn't known) and
  ``norm`` (null where the language's rules give it) for each token;
- ``tag``, ``pos``, ``morph``, ``lemma``, ``dep``, ``ent_type``, ``ent_id``, ``ent_kb_id`` as
  strings, ``head`` (index in the document), ``sent_start`` (1, -1, 0 for unknown) and ``ent_iob``
  (0 unknown, 1 inside, 2 outside, 3 at the beginning); the list is null for a document without
  the annotation;
- ``cats`` from label to score; ``spans`` with the name of their group, bounds in tokens, and
  strings; and ``more``, msgpack of what has no columns: user data, tensors, attributes of groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import SerializationError, SpanloomError
from spanloom.io import msgpack as _msgpack
from spanloom.tokens.packing import bounds, pack, packing, unpack
from spanloom.tokens.span import Span
from spanloom.tokens.span_group import SpanGroup
from spanloom.tokens.storage.arrow import as_lists, column_lists, decoded
from spanloom.tokens.storage.columnar import check_texts, lengths_of, set_parts
from spanloom.vocab.columns import COLUMNS, STRING_COLUMNS

if TYPE_CHECKING:
    from spanloom.tokens.doc import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon

__all__ = ["arrow_batches", "arrow_schema", "from_arrow", "is_ours", "pyarrow", "to_arrow"]

#: The version of the columns, in the metadata of the schema under this key.
_KEY, _FORMAT = b"spanloom", b"1"
#: Rows of a batch.
_ROWS = 1024


def pyarrow() -> Any:
    """The package. Raises :class:`SpanloomError` with the line that installs it if it isn't
    there."""
    try:
        import pyarrow
    except ImportError as error:
        raise SpanloomError(
            "Arrow and Parquet files need pyarrow, which isn't installed: pip install "
            "'spanloom[arrow]'"
        ) from error
    return pyarrow


def arrow_schema() -> Any:
    """The schema of our tables, a ``pyarrow.Schema``."""
    pa = pyarrow()
    kinds = {np.uint64: pa.string(), np.int32: pa.int32(), np.int8: pa.int8()}
    span = {"group": pa.string(), "start": pa.int32(), "end": pa.int32()}
    span |= dict.fromkeys(("label", "kb_id", "id"), pa.string())
    fields = {
        "text": pa.string(),
        "tokens": pa.list_(pa.string()),
        "spaces": pa.list_(pa.bool_()),
        "norm": pa.list_(pa.string()),
        **{name.lower(): pa.list_(kinds[kind]) for name, kind in COLUMNS.items()},
        "cats": pa.map_(pa.string(), pa.float64()),
        "spans": pa.list_(pa.struct(list(span.items()))),
        "more": pa.binary(),
    }
    return pa.schema(list(fields.items()), metadata={_KEY: _FORMAT})


def is_ours(schema: Any) -> bool:
    """Whether a ``pyarrow.Schema`` is that of :func:`arrow_schema`, of any version."""
    return _KEY in (schema.metadata or {})


def to_arrow(docs: Iterable[Doc]) -> Any:
    """All documents as a ``pyarrow.Table`` (see the module for its columns).

    Raises :class:`SerializationError` for user data that isn't plain and for texts that UTF-8 can't
    hold (lone surrogates), and :class:`SpanloomError` without pyarrow.
    """
    return pyarrow().Table.from_batches(list(arrow_batches(docs)), schema=arrow_schema())


def arrow_batches(docs: Iterable[Doc], size: int = _ROWS) -> Iterator[Any]:
    """The documents as ``pyarrow.RecordBatch`` of at most ``size`` rows each, one at a time.

    Raises what :func:`to_arrow` raises.
    """
    stream = iter(docs)
    while group := list(islice(stream, size)):
        # A bounded vocab may have begun a new lexicon among them.
        for lexicon, part in groupby(group, lambda doc: doc.lexicon):
            yield _batch(lexicon, list(part))


def _batch(lexicon: Lexicon, docs: list[Doc]) -> Any:
    pa = pyarrow()
    schema = arrow_schema()
    lengths = lengths_of(docs)
    rows = np.concatenate([doc.rows for doc in docs])
    types, places = np.unique(rows, return_inverse=True)
    norms = [lexicon.norm_given(row) for row in types.tolist()]
    known = np.array([not doc.has_unknown_spaces for doc in docs])
    spaces = [doc.spaces for doc, there in zip(docs, known) if there]
    with packing(f"one of {len(docs)} documents, the first of them {docs[0].text[:40]!r},"):
        arrays = {
            "text": pa.array([doc.text for doc in docs], pa.string()),
            "tokens": as_lists(decoded(places, lexicon.texts_of(types)), lengths),
            "spaces": as_lists(pa.array(np.concatenate([*spaces, rows[:0] > 0])), lengths, known),
            "norm": _norms(places, norms, lengths),
            **{name.lower(): column_lists(name, docs, lengths) for name in COLUMNS},
            "cats": pa.array(
                [list(doc._cats.items()) if doc._cats else None for doc in docs],
                schema.field("cats").type,
            ),
            "spans": pa.array([_span_rows(doc) for doc in docs], schema.field("spans").type),
            "more": pa.array([_more(doc) for doc in docs], pa.binary()),
        }
    return pa.RecordBatch.from_arrays(list(arrays.values()), schema=schema)


def _norms(places: NDArray[Any], norms: list[str | None], lengths: NDArray[np.int64]) -> Any:
    """The norms of tokens that have one of their own; null for documents where none has."""
    own = np.array([norm is not None for norm in norms], dtype=np.bool_)[places]
    sums = np.concatenate([[0], np.cumsum(own)])
    ends = np.cumsum(lengths)
    have = sums[ends] > sums[ends - lengths]
    return as_lists(decoded(places[np.repeat(have, lengths)], norms), lengths, have)


def _span_rows(doc: Doc) -> list[dict[str, Any]] | None:
    found = [
        {
            "group": name,
            "start": span.start,
            "end": span.end,
            "label": span.label_,
            "kb_id": span.kb_id_,
            "id": span.id_,
        }
        for name, group in (doc._spans or {}).items()
        for span in group
    ]
    return found or None


def _more(doc: Doc) -> bytes | None:
    state: dict[str, Any] = {}
    if doc._user_data:
        state["user_data"] = [list(doc._user_data), list(doc._user_data.values())]
    if doc._spans:
        state["groups"] = [[name, group.attrs] for name, group in doc._spans.items()]
    if doc._more and "tensor" in doc._more:
        tensor: Any = doc.tensor
        array = tensor if isinstance(tensor, np.ndarray) else tensor.get()
        state["tensor"] = [array.shape, pack(array.ravel())]
    return _msgpack.dumps(state) if state else None


def from_arrow(data: Any, vocab: Vocab) -> Iterator[Doc]:
    """The documents of a ``pyarrow.Table``, a ``RecordBatch`` or a stream of them, as
    :func:`to_arrow` gives them; ``vocab`` learns their strings. Columns may be missing, but for
    ``tokens``.

    Raises :class:`SerializationError` for what isn't such a table, is damaged or of an unknown
    version, and :class:`SpanloomError` without pyarrow. Other tables with texts or tokens are read
    by :func:`spanloom_formats.arrow.files.docs_from_table`.
    """
    pa = pyarrow()
    if isinstance(data, pa.Table):
        data = data.to_batches(max_chunksize=_ROWS)
    for batch in [data] if isinstance(data, pa.RecordBatch) else data:
        version = (batch.schema.metadata or {}).get(_KEY)
        if version != _FORMAT:
            raise SerializationError(
                f"a table of documents of format {version!r}, and this version of Spanloom reads "
                f"{_FORMAT!r}"
            )
        try:
            docs = _documents(batch, vocab)
        except SerializationError:
            raise
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
            pa.ArrowException,
        ) as error:
            raise SerializationError(
                f"the table of documents is damaged ({type(error).__name__}: {error})"
            ) from error
        yield from docs


def _documents(batch: Any, vocab: Vocab) -> list[Doc]:
    from spanloom.tokens.doc import Doc

    lexicon = vocab.lexicon
    columns = {name: batch.column(name) for name in batch.schema.names}
    lengths, tokens, words = _strings(columns["tokens"])
    if (lengths < 0).any():
        raise ValueError("a document without tokens")
    spaces, known = _spaces(columns.get("spaces"), lengths)
    texts = _texts(words, tokens, spaces, lengths)
    if "text" in columns and columns["text"].to_pylist() != texts:
        raise ValueError("the tokens don't add up to the texts")
    check_texts(texts, words, tokens, spaces, lengths)
    rows = lexicon.rows_of(words)[tokens] if words else np.zeros(0, dtype=np.int32)
    if "norm" in columns:
        rows = _with_norms(columns["norm"], lexicon, rows, lengths)
    docs = [
        Doc.from_rows(vocab, text, rows[start:end], spaces[start:end], lexicon)
        for text, (start, end) in zip(texts, bounds(lengths), strict=True)
    ]
    for place in np.flatnonzero(~known & (lengths > 0)).tolist():
        docs[place]._extra()["unknown_spaces"] = True
    for name in COLUMNS:
        if name.lower() in columns:
            _hang_column(docs, lengths, name, columns[name.lower()])
    _hang_more(docs, columns)
    return docs


def _strings(column: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
    """Of a column of lists of strings: the length of each list (-1 for null), and for each string
    its place in the table of distinct ones."""
    values = column.flatten()
    if values.null_count:
        raise ValueError("a string is missing")
    encoded = values.dictionary_encode()
    places = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return _list_lengths(column), places, encoded.dictionary.to_pylist()


def _list_lengths(column: Any) -> NDArray[np.int64]:
    """The length of each list, -1 for null."""
    lengths = column.value_lengths().fill_null(-1)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(column: Any, name: str) -> NDArray[Any]:
    """The values of a column of lists."""
    values = column.flatten()
    if values.null_count:
        raise ValueError(f"a value of {name} is missing")
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _spaces(column: Any, lengths: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a space follows each token, and whether that is known of each document."""
    total = int(lengths.sum())
    if column is None:
        return np.ones(total, np.bool_), np.zeros(len(lengths), np.bool_)
    given = _list_lengths(column)
    known = given >= 0
    if (given[known] != lengths[known]).any():
        raise ValueError("there isn't a space for each token")
    spaces = np.ones(total, dtype=np.bool_)
    spaces[np.repeat(known, lengths)] = _numbers(column, "spaces").astype(np.bool_)
    return spaces, known


def _texts(
    words: list[str], tokens: NDArray[Any], spaces: NDArray[np.bool_], lengths: NDArray[np.int64]
) -> list[str]:
    pieces = [*words, *(f"{word} " for word in words)]
    parts = [pieces[i] for i in (tokens + spaces * len(words)).tolist()]
    return ["".join(parts[start:end]) for start, end in bounds(lengths)]


def _with_norms(
    column: Any, lexicon: Lexicon, rows: NDArray[np.int32], lengths: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The rows, with types of their own for tokens whose norm is given."""
    given = _list_lengths(column)
    have = given >= 0
    if (given[have] != lengths[have]).any():
        raise ValueError("there isn't a norm for each token")
    where = np.flatnonzero(np.repeat(have, lengths))
    norms = column.flatten()
    own = np.flatnonzero(norms.is_valid().to_numpy(zero_copy_only=False))
    rows = rows.copy()
    for place, norm in zip(where[own].tolist(), norms.drop_null().to_pylist(), strict=True):
        rows[place] = lexicon.row(lexicon.texts[rows[place]], norm)
    return rows


def _hang_column(docs: list[Doc], lengths: NDArray[np.int64], name: str, column: Any) -> None:
    given = _list_lengths(column)
    where = np.flatnonzero(given >= 0)
    if not len(where):
        return
    lengths = lengths[where]
    if (given[where] != lengths).any():
        raise ValueError(f"there isn't a value of {name} for each token")
    having = [docs[i] for i in where.tolist()]
    if name in STRING_COLUMNS:
        _, places, strings = _strings(column)
        ids = having[0].strings_of(name).ids(strings)
        values: NDArray[Any] = ids[places] if len(places) else ids[:0]
    else:
        values = _numbers(column, name)
        if values.dtype.kind not in "iu":
            raise ValueError(f"values of {name} aren't whole numbers")
    set_parts(having, lengths, name, values)


def _hang_more(docs: list[Doc], columns: dict[str, Any]) -> None:
    nothing = [None] * len(docs)
    parts = [columns[n].to_pylist() if n in columns else nothing for n in ("cats", "spans", "more")]
    for doc, cats, spans, more in zip(docs, *parts, strict=True):
        if cats:
            doc.cats = {label: float(score) for label, score in cats}
        state = _msgpack.loads(more) if more is not None else {}
        for name, attrs in state.get("groups", ()):
            doc.spans[name] = SpanGroup(doc, name=name, attrs=attrs, spans=[])
        if "user_data" in state:
            keys, values = state["user_data"]
            doc.user_data = dict(zip(map(_as_key, keys), values, strict=True))
        if "tensor" in state:
            shape, packed = state["tensor"]
            doc.tensor = unpack(packed).reshape(shape).copy()
        for span in spans or ():
            _hang_span(doc, **span)


def _hang_span(
    doc: Doc, group: str, start: int, end: int, label: str, kb_id: str | None, id: str | None
) -> None:
    if not 0 <= start <= end <= len(doc):
        raise ValueError(f"a span from token {start} to {end} of {len(doc)}")
    if group not in doc.spans:
        doc.spans[group] = SpanGroup(doc, name=group, spans=[])
    doc.spans[group].append(Span(doc, start, end, label, kb_id or "", id or ""))


def _as_key(value: Any) -> Any:
    """A key of ``user_data``: msgpack makes lists of tuples."""
    return tuple(map(_as_key, value)) if isinstance(value, list) else value
