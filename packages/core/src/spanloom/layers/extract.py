"""Features of tokens as ids, read from the lexicon and from annotation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model
from thinc.types import Ints2d

from ..errors import ConfigError, ConfigProblem
from ..tokens import Doc
from ..tokens.batch import Batch, FloatsList
from ..vocab.attrs import LEXICAL_ATTRS, attr_name
from ..vocab.columns import COLUMNS

__all__ = ["LEXICAL", "FeatureExtractor", "WordTypes", "feature_names"]

LEXICAL = LEXICAL_ATTRS
"""Features that depend on the word type alone."""

_FEW = 48
"""Up to so many tokens it costs more to find equal ones than to compute them twice."""


def feature_names(columns: Sequence[str | int]) -> list[str]:
    """The names of features, which may be given by spaCy's numbers and in lower case.

    Raises :class:`ConfigError` if one doesn't exist.
    """
    names = [c.upper() if isinstance(c, str) else attr_name(c) for c in columns]
    known = LEXICAL | COLUMNS.keys() | {"SPACY"}
    for name in names:
        if name not in known:
            have = ", ".join(sorted(known))
            raise ConfigError(
                [ConfigProblem("attrs", f"tokens have no feature '{name}'", f"use one of {have}")]
            )
    return names


def FeatureExtractor(columns: Sequence[str | int]) -> Model[list[Doc], list[Ints2d]]:
    """The ids of some features of each token: uint64 arrays of shape ``(n, len(columns))``.

    Features of words (``NORM``, ``PREFIX``, ``SHAPE``, ``IS_DIGIT``, ...) come from the lexicon,
    others (``TAG``, ``POS``, ``ENT_TYPE``, ...) from the annotation, zero where there is none.
    ``SPACY`` is whether a space follows, ``HEAD`` the distance to the head.
    """
    feature_names(columns)
    return Model("extract_features", forward, attrs={"columns": list(columns)})


def forward(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable[[Any], list[Doc]]]:
    """Forward of :func:`FeatureExtractor`."""
    batch = Batch.of(docs)
    columns = token_features(batch, feature_names(model.attrs["columns"]))
    flat = np.stack(columns, axis=1) if columns else np.zeros((0, 0), dtype=np.uint64)
    ops: Any = model.ops
    return FloatsList(ops.asarray(flat), batch.lengths), lambda _: []


def token_features(batch: Batch, names: Sequence[str]) -> list[NDArray[np.uint64]]:
    """For each feature, its ids for all tokens of the batch, shape ``(n,)``."""
    return [_token_feature(batch, name) for name in names]


def _token_feature(batch: Batch, name: str) -> NDArray[np.uint64]:
    if not batch:
        return np.zeros(0, dtype=np.uint64)
    if name in LEXICAL:
        lexicon = shared_lexicon(batch)
        if lexicon is not None:
            return _ids(lexicon.column(name)[batch.rows])
        return _ids(np.concatenate([doc.lexicon.column(name)[doc.rows] for doc in batch]))
    return np.concatenate([_annotation(doc, name) for doc in batch])


def _annotation(doc: Doc, name: str) -> NDArray[np.uint64]:
    if name == "SPACY":
        return _ids(doc.spaces)
    column = doc.column(name)
    if column is None:
        return np.zeros(len(doc), dtype=np.uint64)
    return _ids(column - np.arange(len(doc)) if name == "HEAD" else column)


def _ids(values: NDArray[Any]) -> NDArray[np.uint64]:
    return values.astype(np.uint64, copy=False)


def shared_lexicon(batch: Batch) -> Any:
    """The lexicon of all documents, ``None`` if they have different ones."""
    lexicon = batch[0].lexicon
    return lexicon if all(doc.lexicon is lexicon for doc in batch) else None


class WordTypes:
    """What an embedding layer computes vectors for: the distinct word types of a batch.

    Where that can't be, since a feature depends on more than the type or the documents don't share
    a lexicon, and where there are few tokens, it's the tokens themselves, and ``inverse`` is
    ``None``. Else ``inverse``, shape ``(n tokens,)``, holds for each token the index of its type.
    """

    __slots__ = ("_lexicon", "_rows", "batch", "inverse")

    def __init__(self, batch: Batch, names: Sequence[str]) -> None:
        self.batch = batch
        self._lexicon = shared_lexicon(batch)
        self._rows: NDArray[np.int32] | None = None
        self.inverse: NDArray[np.int64] | None = None
        if self._lexicon is not None and LEXICAL.issuperset(names):
            if len(batch.rows) > _FEW:
                self._rows, self.inverse = batch.types
            else:
                self._rows = batch.rows

    def features(self, names: Sequence[str]) -> list[NDArray[np.uint64]]:
        """For each feature, the ids of all types, shape ``(types,)``."""
        if self._rows is None:
            return token_features(self.batch, names)
        return [_ids(self._lexicon.column(name)[self._rows]) for name in names]

    def texts(self) -> list[str]:
        """The text of each type."""
        if self._rows is None:
            return [text for doc in self.batch for text in doc.words]
        texts: list[str] = self._lexicon.texts_of(self._rows)
        return texts

    def docs(self) -> Batch:
        """Documents whose tokens are the types, for layers that take nothing else."""
        if self.inverse is None or self._rows is None:
            return self.batch
        text = "".join(self.texts())
        spaces = np.zeros(len(self._rows), dtype=np.bool_)
        vocab = self.batch[0].vocab
        return Batch([Doc.from_rows(vocab, text, self._rows, spaces, self._lexicon)])
