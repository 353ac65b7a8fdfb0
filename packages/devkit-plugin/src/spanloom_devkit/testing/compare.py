"""Whether two annotated documents say the same, and errors as failures of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["annotation", "as_failure", "difference", "same"]

_TOLERANCE = 1e-4


@contextmanager
def as_failure() -> Iterator[None]:
    """An error inside the ``with`` fails the check, told with its kind."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error


def annotation(doc: Doc) -> dict[str, Any]:
    """Everything that a document says: text, tokens, entities, spans, categories, and the custom
    attributes of the document and of its tokens."""
    table = doc.vocab.extensions
    custom = {name: doc._.get(name) for name in table.names("doc") if _is_value(table, "doc", name)}
    of_tokens = {
        name: [token._.get(name) for token in doc]
        for name in table.names("token")
        if _is_value(table, "token", name)
    }
    return {**doc.to_json(), "doc._": custom, "token._": of_tokens}


def _is_value(table: Any, kind: str, name: str) -> bool:
    return table.find(kind, name).method is None


def difference(
    first: Sequence[Doc],
    second: Sequence[Doc],
    said: Callable[[Doc], Mapping[str, Any]] = annotation,
) -> str:
    """Where two lists of documents differ in what they ``said``, in words; empty if they don't."""
    if len(first) != len(second):
        return f"{len(first)} documents and {len(second)}"
    for one, other in zip(first, second):
        left, right = said(one), said(other)
        for key in {**left, **right}:
            if not same(left.get(key), right.get(key)):
                return (
                    f"'{key}' of {one.text[:40]!r} is {_short(left.get(key))} and then "
                    f"{_short(right.get(key))}"
                )
    return ""


def same(one: Any, other: Any, depth: int = 8) -> bool:
    """Whether two values are equal, numbers but for rounding. Objects that don't say when they are
    equal are compared by what they hold, ``depth`` objects deep."""
    if isinstance(one, float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        shared = one.keys() == other.keys()
        return shared and all(same(one[key], other[key], depth - 1) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other)
        return len(one) == len(other) and all(same(*pair, depth - 1) for pair in pairs)
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        return _same_arrays(one, other)
    if type(one) is not type(other) or depth <= 0:
        return depth <= 0 or bool(one == other)
    if is_dataclass(one):
        names = [field.name for field in fields(one) if field.compare]
        return all(same(getattr(one, name), getattr(other, name), depth - 1) for name in names)
    if "__eq__" in type(one).__dict__:
        return bool(one == other)
    return same(_held(one), _held(other), depth - 1)


def _held(value: Any) -> dict[str, Any]:
    """What an object holds, in its slots too."""
    slots = {name for each in type(value).__mro__ for name in getattr(each, "__slots__", ())}
    there = {name: getattr(value, name) for name in slots - {"__dict__"} if hasattr(value, name)}
    return {**there, **getattr(value, "__dict__", {})}


def _same_arrays(one: Any, other: Any) -> bool:
    left, right = (
        np.asarray(each.get() if hasattr(each, "get") else each) for each in (one, other)
    )
    if left.shape != right.shape:
        return False
    if left.dtype.kind in "fc":
        return bool(np.allclose(left, right, rtol=1e-3, atol=_TOLERANCE, equal_nan=True))
    return bool((left == right).all())


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
