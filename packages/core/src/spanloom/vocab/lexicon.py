"""The lexicon: one row of features for each word type, in columns.

Features of a batch of tokens are one gather, ``lexicon.column("NORM")[rows]``. Columns are filled
when they are asked for, in bulk, up to the last word that is known then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, SerializationError
from .features import (
    BRACKETS,
    LEFT_PUNCT,
    QUOTES,
    RIGHT_PUNCT,
    LexicalRules,
    is_currency,
    is_punct,
    like_email,
    like_url,
    word_shapes,
)
from .strings import StringStore

__all__ = ["FLAGS", "STRING_FEATURES", "Lexicon"]

#: Features that are strings: their columns hold uint64 string ids.
STRING_FEATURES = ("ORTH", "LOWER", "NORM", "PREFIX", "SUFFIX", "SHAPE")

_FLAGS: dict[str, Callable[[str], bool]] = {
    "IS_ALPHA": str.isalpha,
    "IS_ASCII": str.isascii,
    "IS_BRACKET": BRACKETS.__contains__,
    "IS_CURRENCY": is_currency,
    "IS_DIGIT": str.isdigit,
    "IS_LEFT_PUNCT": LEFT_PUNCT.__contains__,
    "IS_LOWER": str.islower,
    "IS_PUNCT": is_punct,
    "IS_QUOTE": QUOTES.__contains__,
    "IS_RIGHT_PUNCT": RIGHT_PUNCT.__contains__,
    "IS_SPACE": str.isspace,
    "IS_TITLE": str.istitle,
    "IS_UPPER": str.isupper,
    "LIKE_EMAIL": like_email,
    "LIKE_URL": like_url,
}

#: Features that are true or false: their columns are of bool.
FLAGS = tuple(sorted([*_FLAGS, "IS_STOP", "LIKE_NUM"]))

_DTYPES: dict[str, type[np.generic]] = {
    **dict.fromkeys(STRING_FEATURES, np.uint64),
    **dict.fromkeys(FLAGS, np.bool_),
    "LENGTH": np.int32,
}


class Lexicon:
    """Word types and their features.

    A type is a text, or a text with a norm of its own that a tokenizer rule gave it ("n't" with
    the norm "not"). Its row is an ``int`` that never changes. Rows and columns only grow, under a
    lock; a reader in another thread always sees complete columns.
    """

    __slots__ = ("_columns", "_index", "_lock", "_norms", "_texts", "rules", "strings", "values")

    def __init__(
        self,
        strings: StringStore,
        rules: LexicalRules | None = None,
        values: Mapping[tuple[str, str], str | bool] | None = None,
    ) -> None:
        self.strings = strings
        self.rules = rules or LexicalRules()
        self._index: dict[str | tuple[str, str], int] = {}
        self._texts: list[str] = []
        self._norms: dict[int, str] = {}
        # name -> rows that are filled, and the array, which may be longer
        self._columns: dict[str, tuple[int, NDArray[Any]]] = {}
        # (name, text) -> what somebody set
        self.values: dict[tuple[str, str], str | bool] = dict(values or {})
        self._lock = RLock()

    def __len__(self) -> int:
        return len(self._texts)

    def __contains__(self, text: object) -> bool:
        return text in self._index

    @property
    def texts(self) -> list[str]:
        """The texts of all rows, in order. It's the lexicon's own list: don't change it."""
        return self._texts

    def row(self, text: str, norm: str | None = None) -> int:
        """The row of a word type, which is added if it's new.

        A ``norm`` that is what the rules give anyway doesn't make another type.
        """
        row = self._index.get(text if norm is None else (text, norm))
        if row is not None:
            return row
        if not isinstance(text, str):
            raise DataError(f"a word must be a string, not {type(text).__name__} ({text!r:.60})")
        if norm is None:
            return self._add(text, text)
        if norm == self.rules.norm(text):
            row = self._index[text, norm] = self.row(text)
            return row
        with self._lock:
            # The norm goes in before the row can be seen.
            if (text, norm) not in self._index:
                self._norms[len(self._texts)] = norm
            return self._add((text, norm), text)

    def _add(self, key: str | tuple[str, str], text: str) -> int:
        with self._lock:
            row = self._index.get(key)
            if row is None:
                row = len(self._texts)
                self._texts.append(text)
                self._index[key] = row
            return row

    def rows_of(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """The rows of many words, shape ``(len(texts),)``; new ones are added.

        Raises :class:`DataError` for what isn't a string.
        """
        index = self._index
        try:
            return np.fromiter(map(index.__getitem__, texts), dtype=np.int32, count=len(texts))
        except KeyError:
            return np.array([self.row(text) for text in texts], dtype=np.int32)

    def texts_of(self, rows: NDArray[np.int32]) -> list[str]:
        """The texts of rows."""
        texts = self._texts
        return [texts[row] for row in rows.tolist()]

    def norm_given(self, row: int) -> str | None:
        """The norm that makes this row a type of its own, ``None`` if its norm is by the rules."""
        return self._norms.get(row)

    def column(self, name: str) -> NDArray[Any]:
        """A feature of all rows, shape ``(len(lexicon),)``; a view that mustn't be written to.

        String features (:data:`STRING_FEATURES`) are uint64 ids, :data:`FLAGS` bool, LENGTH
        int32. Raises :class:`DataError` for a feature that doesn't exist.
        """
        known = self._columns.get(name)
        if known is None or known[0] < len(self._texts):
            known = self._fill(name)
        filled, array = known
        return array[:filled]

    def value(self, name: str, row: int) -> int | bool:
        """A feature of one row, as :meth:`column` has it."""
        known = self._columns.get(name)
        if known is None or known[0] <= row:
            known = self._fill(name)
        value: int | bool = known[1].item(row)
        return value

    def _fill(self, name: str) -> tuple[int, NDArray[Any]]:
        if name not in _DTYPES:
            known = ", ".join(sorted(_DTYPES))
            raise DataError(f"words have no feature '{name}'. There are: {known}")
        with self._lock:
            filled, array = self._columns.get(name, (0, np.zeros(0, dtype=_DTYPES[name])))
            count = len(self._texts)
            if filled < count:
                if len(array) < count:
                    larger = np.zeros(max(count, 2 * len(array), 64), dtype=array.dtype)
                    larger[:filled] = array[:filled]
                    array = larger
                # Nobody reads these rows before they are published below.
                array[filled:count] = self._compute(name, filled, count)
            self._columns[name] = (count, array)
            return count, array

    def _compute(self, name: str, start: int, end: int) -> Any:
        texts = self._texts[start:end]
        if name == "LENGTH":
            return np.fromiter(map(len, texts), dtype=np.int32, count=len(texts))
        if _DTYPES[name] is np.bool_:
            flags = np.fromiter(map(self._flag(name), texts), dtype=np.bool_, count=len(texts))
            for i, flag in self._overridden(name, start, texts):
                flags[i] = bool(flag)
            return flags
        strings = list(self._strings_of(name, texts, start))
        for i, string in self._overridden(name, start, texts):
            strings[i] = str(string)
        return self.strings.ids(strings)

    def _overridden(self, name: str, start: int, texts: list[str]) -> list[tuple[int, str | bool]]:
        """Which of ``texts``, from row ``start`` on, somebody has set the feature of."""
        chosen = {text: value for (which, text), value in self.values.items() if which == name}
        return [
            (i, chosen[text])
            for i, text in enumerate(texts if chosen else ())
            if text in chosen and not (name == "NORM" and start + i in self._norms)
        ]

    def _flag(self, name: str) -> Callable[[str], bool]:
        if name == "IS_STOP":
            stops = self.rules.stop_words
            return lambda text: text.lower() in stops
        return self.rules.like_num if name == "LIKE_NUM" else _FLAGS[name]

    def _strings_of(self, name: str, texts: list[str], start: int) -> list[str]:
        if name == "ORTH":
            return texts
        if name == "LOWER":
            return [text.lower() for text in texts]
        if name == "PREFIX":
            return [text[:1] for text in texts]
        if name == "SUFFIX":
            return [text[-3:] for text in texts]
        if name == "SHAPE":
            return word_shapes(texts)
        norms = list(map(self.rules.norm, texts))
        for row in range(start, start + len(texts)) if self._norms else ():
            if row in self._norms:
                norms[row - start] = self._norms[row]
        return norms

    def set_value(self, name: str, text: str, value: str | bool) -> None:
        """Set a feature of a word, for all rows that have this text.

        A norm that a tokenizer rule gave stays. Features of documents that were made before change
        too, since they refer to the rows.
        """
        if _DTYPES.get(name) not in (np.uint64, np.bool_):
            raise DataError(f"'{name}' is not a feature of words that can be set")
        self.row(text)
        with self._lock:
            self.values[name, text] = value
            self._columns.pop(name, None)

    def values_saved(self) -> str:
        """What somebody set, as JSON: rows of feature, word and value."""
        return json.dumps([[name, text, value] for (name, text), value in self.values.items()])

    def with_values(self, saved: str) -> Lexicon:
        """The lexicon itself, with what :meth:`values_saved` gave. Raises
        :class:`SerializationError` for anything else."""
        try:
            for name, text, value in json.loads(saved):
                if type(text) is not str or type(value) is not (bool if name in FLAGS else str):
                    raise DataError(f"'{name}' of {text!r} can't be {value!r}")
                self.set_value(name, text, value)
        except (TypeError, ValueError) as error:
            raise SerializationError(f"what was set on lexemes is damaged: {error}") from error
        return self

    def __getstate__(self) -> dict[str, Any]:
        keys = sorted(self._index.items(), key=lambda item: item[1])
        return {
            "strings": self.strings,
            "rules": self.rules,
            "keys": [key for key, _ in keys],
            "values": self.values,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["strings"], state["rules"], state["values"])  # type: ignore[misc]
        for key in state["keys"]:
            self.row(*((key,) if isinstance(key, str) else key))
