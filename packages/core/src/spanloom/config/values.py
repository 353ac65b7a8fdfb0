"""Checking one value against the type that a function's parameter is annotated with."""

from __future__ import annotations

import os
import types
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, Union, get_args, get_origin

__all__ = ["branches", "describe_type", "is_block", "near", "plain_values", "type_problem"]

_PLAIN_MODULES = ("builtins", "collections", "confection", "numpy", "pathlib", "types", "typing")
_NUMBERS = ("int", "float", "StrictInt", "StrictFloat", "PositiveInt")


def is_block(value: Any) -> bool:
    """Whether a value is a ``@registry = "name"`` block."""
    return isinstance(value, Mapping) and any(
        isinstance(key, str) and key.startswith("@") for key in value
    )


def plain_values(value: Any) -> Any:
    """The value with paths as strings, and numbers of NumPy as Python's, however deep: what people
    put into a config in Python, and a file can't hold."""
    if type(value) is dict:
        return {key: plain_values(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return [plain_values(each) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value


def near(name: str, known: Any, label: str = "known") -> str:
    """A fix for a misspelt name: the nearest known one, or all of them when they are few."""
    options = sorted(map(str, known))
    found = get_close_matches(str(name), options, n=1)
    if found:
        return f"did you mean '{found[0]}'?"
    if not options:
        return "remove it"
    shown = ", ".join(options[:12]) + (", ..." if len(options) > 12 else "")
    return f"{label}: {shown}"


def type_problem(value: Any, annotation: Any) -> str | None:
    """What is wrong with a plain value, or ``None``.

    A number in quotes is a problem where a number is meant: the function would get a string.
    Where the annotation says nothing that can be checked, every value is right.
    """
    if annotation in (None, Any) or isinstance(annotation, str) or is_block(value):
        return None
    options = branches(annotation)
    names = [getattr(branch, "__name__", str(branch)) for branch in options]
    takes_text = any(b in (str, Any, object) or n == "Path" for b, n in zip(options, names))
    if isinstance(value, str) and not takes_text and any(name in _NUMBERS for name in names):
        return f"is the string {value!r}, but {describe_type(annotation)} is expected"
    if isinstance(value, list) and any(get_origin(b) is tuple or b is tuple for b in options):
        return None  # JSON has no tuples
    if isinstance(value, str | int | float | list) and all(map(_is_made, options)):
        made = describe_type(annotation)
        return f"is {_shown(value)}, but a block that makes a {made} is expected"
    from confection import validation

    check: Any = validation.validate_type  # not annotated
    try:
        wrong = check(value, annotation)
    except Exception:
        return None
    if wrong is None:
        return None
    return f"is {_shown(value)}, but {describe_type(annotation)} is expected"


def _is_made(branch: Any) -> bool:
    """Whether an annotation stands for objects of a class that no plain value can be."""
    kind = get_origin(branch) or branch
    return (
        isinstance(kind, type)
        and kind.__module__.partition(".")[0] not in _PLAIN_MODULES
        and not issubclass(kind, Enum)
        and not getattr(kind, "_is_protocol", False)
        and not hasattr(kind, "__get_validators__")  # stands for others, as thinc's Generator
    )


def describe_type(annotation: Any) -> str:
    """An annotation in words for a message: ``int or null``."""
    names = ["null" if b is type(None) else _name(b) for b in branches(annotation)]
    return " or ".join(dict.fromkeys(names))


def _name(annotation: Any) -> str:
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("collections.abc.", "")


def branches(annotation: Any) -> list[Any]:
    """The alternatives of a union, or the annotation alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [branch for part in get_args(annotation) for branch in branches(part)]
    return [annotation]


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
