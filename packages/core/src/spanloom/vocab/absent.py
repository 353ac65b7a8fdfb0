"""What other libraries have and we don't: reading, setting or giving it says what to use."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ..errors import AbsentError

__all__ = ["ABSENT", "Absent", "absent"]

C = TypeVar("C", bound=type)

#: Class -> what it hasn't -> what to do. "name =" is a property that can be read and not set,
#: "name(argument)" an argument of a method.
ABSENT: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_suffix(".json").read_text("utf8")
)


class Absent:
    """Stands for an attribute that isn't there: reading it raises :class:`AbsentError`, so that
    ``hasattr`` is false."""

    def __init__(self, name: str, use: str) -> None:
        self.name, self.use = name, use

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AbsentError(f"{self.name} isn't there: {self.use}")


def absent(name: str) -> Callable[[C], C]:
    """A decorator that gives a class what `ABSENT` has for it."""

    def mark(cls: C) -> C:
        calls: dict[str, dict[str, Absent]] = {}
        for what, use in ABSENT[name].items():
            attribute, sets, _ = what.partition(" =")
            method, _, argument = what.removesuffix(")").partition("(")
            gone = Absent(f"{name}.{what}", use)
            if argument:
                calls.setdefault(method, {})[argument] = gone
            else:
                new = getattr(cls, attribute).setter(gone.__get__) if sets else gone
                setattr(cls, attribute, new)
        for method, arguments in calls.items():
            found = next(vars(base)[method] for base in cls.__mro__ if method in vars(base))
            setattr(cls, method, _without(found, arguments))
        return cls

    return mark


def _without(method: Any, arguments: Mapping[str, Absent]) -> Any:
    """A method that says so where it is given an argument that isn't there."""
    function = getattr(method, "__func__", method)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name in arguments:
                arguments[name].__get__(None)
        return function(*args, **kwargs)

    return call if function is method else type(method)(call)
