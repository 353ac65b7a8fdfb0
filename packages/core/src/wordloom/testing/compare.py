"""Whether two annotated documents say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..tokens import Doc

__all__ = ["annotation", "difference", "same"]

_TOLERANCE = 1e-4


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


def difference(first: Sequence[Doc], second: Sequence[Doc]) -> str:
    """Where two lists of documents differ, in words; empty if they don't."""
    if len(first) != len(second):
        return f"{len(first)} documents and {len(second)}"
    for one, other in zip(first, second):
        left, right = annotation(one), annotation(other)
        for key in left | right:
            if not same(left.get(key), right.get(key)):
                return (
                    f"'{key}' of {one.text[:40]!r} is {_short(left.get(key))} and then "
                    f"{_short(right.get(key))}"
                )
    return ""


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers but for rounding."""
    if isinstance(one, float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "__array__") or hasattr(other, "__array__"):
        return _same_arrays(one, other)
    if is_dataclass(one) and type(one) is type(other):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if one == other:
        return True
    # Objects that don't say when they are equal are compared by what they hold.
    plain = type(one) is type(other) and "__eq__" not in type(one).__dict__
    return plain and hasattr(one, "__dict__") and same(vars(one), vars(other))


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
