"""What rules set: checked when a rule is added, and written for whole batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import DataError
from spanloom.vocab.attrs import attr_name
from spanloom.vocab.columns import COLUMNS, STRING_COLUMNS
from spanloom.vocab.lexicon import FLAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["Outcomes", "checked_values", "split_features"]

#: What one token can be given, beside columns: a norm of its own, flags of its word, custom
#: attributes.
_OTHERS = ("NORM", *FLAGS, "_")

_IOB = ("", "I", "O", "B")

_COLUMNS = (*STRING_COLUMNS, "ENT_IOB", "SENT_START")


def split_features(attrs: Mapping[str | int, Any]) -> tuple[dict[str | int, Any], dict[str, Any]]:
    """The attributes of a token, and the rest: morphological features."""
    own: dict[str | int, Any] = {}
    features: dict[str, Any] = {}
    for key, value in attrs.items():
        try:
            if isinstance(key, str) and key != "_":
                attr_name(key)
            own[key] = value
        except DataError:
            features[str(key)] = value
    return own, features


def checked_values(vocab: Vocab, attrs: Mapping[str | int, Any], what: str) -> dict[str, Any]:
    """``attrs`` with the names and numbers of columns.

    Raises :class:`DataError`, which begins with ``what``, for what can't be set.
    """
    values: dict[str, Any] = {}
    for key, value in attrs.items():
        try:
            name = key if key == "_" else attr_name(key)
        except DataError as error:
            raise DataError(f"{what}: {error}") from error
        if name not in (*_COLUMNS, *_OTHERS):
            known = ", ".join((*_COLUMNS, *_OTHERS))
            raise DataError(f"{what}: {name} of a token can't be set by rule, but {known} can")
        if name == "_":
            _check_custom(vocab, value, what)
        values[str(name)] = _number(vocab, str(name), value, what)
    return values


def _number(vocab: Vocab, name: str, value: Any, what: str) -> Any:
    strings = vocab.strings
    if name == "MORPH":
        return vocab.morphology.add(strings[value] if isinstance(value, int) else value)
    if name == "NORM":
        return strings[value] if isinstance(value, int) else value
    if name == "ENT_IOB" and value in _IOB:
        return _IOB.index(value)
    if name in STRING_COLUMNS and isinstance(value, str):
        return strings.add(value)
    if name != "_" and not isinstance(value, int):
        raise DataError(f"{what}: {name} can't be {value!r:.60}")
    return value


def _check_custom(vocab: Vocab, names: Any, what: str) -> None:
    for name in names if isinstance(names, Mapping) else [names]:
        found = vocab.extensions.find("token", name)
        if not found or found.method or (found.getter and not found.setter):
            raise DataError(
                f"{what}: token._.{name} can't be set: it is a method, has a getter without a "
                f"setter, or wasn't declared"
            )


class Outcomes:
    """What the rules that hold of a token set together, by number. A later rule overrides."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        self._rules = rules
        self._numbers: dict[tuple[int, ...], int] = {(): 0}
        self.rules_of: list[tuple[int, ...]] = [()]
        self._set: list[dict[str, Any]] = [{}]
        self._tables: dict[str, tuple[NDArray[np.bool_], NDArray[Any]]] = {}
        self._width = 0

    def number(self, rules: tuple[int, ...]) -> int:
        """The number of the outcome of these rules, which are in order."""
        number = self._numbers.get(rules)
        if number is None:
            number = self._numbers[rules] = len(self._set)
            merged: dict[str, Any] = {}
            for rule in rules:
                merged.update(self._rules[rule])
            self._set.append(merged)
            self.rules_of.append(rules)
        return number

    def write(self, docs: Sequence[Doc], numbers: NDArray[np.int64]) -> None:
        """Set what the outcomes say, one number for each token, flat for all documents."""
        if self._width != len(self._set):
            self._tabulate()
        for name, (given, values) in self._tables.items():
            where = given[numbers]
            if not where.any():
                continue
            if name in _OTHERS:
                self._write_each(docs, name, numbers, np.flatnonzero(where))
            else:
                _write_column(docs, name, where, values[numbers])

    def _tabulate(self) -> None:
        self._width = len(self._set)
        for name in dict.fromkeys(name for each in self._set for name in each):
            given = np.asarray([name in each for each in self._set], dtype=np.bool_)
            numbers = [0 if name in _OTHERS else each.get(name, 0) for each in self._set]
            self._tables[name] = given, np.asarray(numbers, dtype=COLUMNS.get(name, np.uint64))

    def _write_each(
        self, docs: Sequence[Doc], name: str, numbers: NDArray[np.int64], where: NDArray[np.int64]
    ) -> None:
        ends = np.cumsum([len(doc) for doc in docs])
        owners = np.searchsorted(ends, where, side="right")
        for at, owner in zip(where.tolist(), owners.tolist()):
            doc = docs[owner]
            token = doc[at - int(ends[owner]) + len(doc)]
            value = self._set[int(numbers[at])][name]
            if name == "_":
                for key, item in value.items():
                    token._.set(key, item)
            elif name == "NORM":
                token.norm_ = value
            else:
                setattr(token.lex, name.lower(), bool(value))


def _write_column(
    docs: Sequence[Doc], name: str, where: NDArray[np.bool_], values: NDArray[Any]
) -> None:
    start = 0
    for doc in docs:
        end = start + len(doc)
        here = where[start:end]
        if here.all():
            doc.set_column(name, values[start:end])
        elif here.any():
            column = doc.writable(name)
            column[here] = values[start:end][here]
        start = end
