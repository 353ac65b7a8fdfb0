"""Custom attributes: ``doc._.name``, ``token._.name`` and ``span._.name``.

An attribute is declared once, for documents, tokens or spans, with a default value, a method or a
getter. Scripts declare them for everything (``Doc.set_extension``); plugins declare theirs for one
pipeline, with an owner (:meth:`ExtensionTable.declare`). Two owners of one name are an error.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import Any, ClassVar, Literal

from ..errors import DataError, NameClashError

__all__ = [
    "MISSING",
    "SCRIPT",
    "Extended",
    "Extension",
    "ExtensionTable",
    "Kind",
    "Underscore",
    "everywhere",
]

Kind = Literal["doc", "token", "span"]
"""What an attribute is of."""

_KINDS: tuple[Kind, ...] = ("doc", "token", "span")

#: The owner of attributes that a script declared for every pipeline.
SCRIPT = "a script (set_extension)"


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


#: Stands for "no default was given", since ``None`` is a default.
MISSING: Any = _Missing()


@dataclass(frozen=True)
class Extension:
    """One custom attribute, and who declared it."""

    name: str
    owner: str
    default: Any = MISSING
    method: Callable[..., Any] | None = None
    getter: Callable[[Any], Any] | None = None
    setter: Callable[[Any, Any], None] | None = None

    def __post_init__(self) -> None:
        given = [
            kind
            for kind, there in [
                ("default", self.default is not MISSING),
                ("method", self.method is not None),
                ("getter", self.getter is not None),
            ]
            if there
        ]
        if len(given) != 1:
            raise DataError(
                f"the custom attribute '{self.name}' needs exactly one of default, method and "
                f"getter, and was given {' and '.join(given) or 'none of them'}"
            )
        if self.setter is not None and self.getter is None:
            raise DataError(f"the custom attribute '{self.name}' has a setter but no getter")
        for kind in ("method", "getter", "setter"):
            function = getattr(self, kind)
            if function is not None and not callable(function):
                raise DataError(
                    f"the {kind} of the custom attribute '{self.name}' can't be called: "
                    f"it is {type(function).__name__}"
                )

    def as_tuple(self) -> tuple[Any, Any, Any, Any]:
        """Default, method, getter and setter, ``None`` for what wasn't given."""
        default = None if self.default is MISSING else self.default
        return default, self.method, self.getter, self.setter


class ExtensionTable:
    """Custom attributes by kind ("doc", "token", "span") and name."""

    __slots__ = ("_tables",)

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Extension]] = {kind: {} for kind in _KINDS}

    def declare(
        self, kind: Kind, name: str, *, owner: str, force: bool = False, **options: Any
    ) -> Extension:
        """Declare an attribute; ``options`` are those of :class:`Extension`.

        To declare it again with the same owner does no harm. Raises :class:`NameClashError` if
        somebody else has the name, unless ``force``, and :class:`DataError` for options that don't
        go together.
        """
        if kind not in self._tables:
            raise DataError(f"custom attributes are of the kind {', '.join(_KINDS)}, not '{kind}'")
        for table in (self, everywhere):
            other = table._tables[kind].get(name)
            if other is not None and other.owner != owner and not force:
                raise NameClashError(
                    f"the custom attribute {kind}._.{name} was declared by {other.owner} and is "
                    f"declared again by {owner}: remove one of the two or rename its attribute"
                )
        extension = Extension(name, owner, **options)
        self._tables[kind][name] = extension
        return extension

    def find(self, kind: str, name: str) -> Extension | None:
        """The attribute, here or declared for every pipeline; ``None`` if nobody declared it."""
        return self._tables[kind].get(name) or everywhere._tables[kind].get(name)

    def remove(self, kind: str, name: str) -> Extension:
        """Take an attribute out. Raises :class:`DataError` if nobody declared it here."""
        try:
            return self._tables[kind].pop(name)
        except KeyError:
            raise DataError(f"no custom attribute {kind}._.{name} was declared") from None

    def names(self, kind: str) -> list[str]:
        """The names of all attributes of a kind, sorted."""
        return sorted({*self._tables[kind], *everywhere._tables[kind]})

    def items(self) -> list[tuple[Kind, str, Extension]]:
        """All attributes that were declared here, each with its kind and name."""
        tables = [(kind, self._tables[kind]) for kind in _KINDS]
        return [(kind, name, each) for kind, table in tables for name, each in table.items()]

    def __getstate__(self) -> dict[str, Any]:
        return self._tables

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._tables = state


#: What scripts declared with ``set_extension``, for every pipeline.
everywhere = ExtensionTable()


class Underscore:
    """The custom attributes of one document, token or span.

    Values live in the document's ``user_data``, under ``("._.", name, start, end)`` with character
    offsets (``None`` for a document, and as the end of a token).
    """

    __slots__ = ("_key", "_kind", "_obj", "_table", "_values")

    def __init__(
        self,
        kind: str,
        obj: Any,
        table: ExtensionTable,
        values: dict[Any, Any],
        key: tuple[Any, ...] = (None, None),
    ) -> None:
        for name, value in zip(self.__slots__, (key, kind, obj, table, values), strict=True):
            object.__setattr__(self, name, value)

    def _find(self, name: str) -> Extension:
        extension: Extension | None = self._table.find(self._kind, name)
        if extension is None:
            known = ", ".join(self._table.names(self._kind)) or "none"
            owner = self._kind.capitalize()
            raise AttributeError(
                f"There is no custom attribute '{name}' for a {self._kind} (declared: {known}): "
                f"declare it with {owner}.set_extension('{name}', default=None)"
            )
        return extension

    def __getattr__(self, name: str) -> Any:
        extension = self._find(name)
        if extension.getter is not None:
            return extension.getter(self._obj)
        key = ("._.", name, *self._key)
        if key in self._values:
            return self._values[key]
        if extension.method is not None:
            return update_wrapper(partial(extension.method, self._obj), extension.method)
        if isinstance(extension.default, dict | list | set):
            # Each gets its own, or a change to one would be a change to all.
            value = self._values[key] = copy.copy(extension.default)
            return value
        return extension.default

    def __setattr__(self, name: str, value: Any) -> None:
        extension = self._find(name)
        if extension.setter is not None:
            extension.setter(self._obj, value)
        elif extension.getter is not None:
            raise AttributeError(
                f"the custom attribute '{name}' has a getter and no setter: it can't be set"
            )
        else:
            self._values["._.", name, *self._key] = value

    __getitem__ = __getattr__
    __setitem__ = __setattr__

    def get(self, name: str) -> Any:
        """The value of an attribute, by name."""
        return self.__getattr__(name)

    def set(self, name: str, value: Any) -> None:
        """Set an attribute, by name."""
        self.__setattr__(name, value)

    def has(self, name: str) -> bool:
        """Whether an attribute of this name was declared."""
        return self._table.find(self._kind, name) is not None

    def __dir__(self) -> list[str]:
        names: list[str] = self._table.names(self._kind)
        return names


class Extended:
    """What can have custom attributes that scripts declare for every pipeline."""

    __slots__ = ()

    _kind: ClassVar[Kind]

    @classmethod
    def set_extension(cls, name: str, *, force: bool = False, **options: Any) -> None:
        """Declare a custom attribute of all objects of this class: one of ``default``, ``method``
        (called with the object first) and ``getter``, with ``setter`` beside a getter. Raises
        :class:`NameClashError` if it exists, unless ``force``."""
        if not force and cls.has_extension(name):
            raise NameClashError(
                f"The custom attribute {cls._kind}._.{name} already exists: "
                f"pass force=True to replace it"
            )
        everywhere.declare(cls._kind, name, owner=SCRIPT, force=force, **options)

    @classmethod
    def get_extension(cls, name: str) -> tuple[Any, Any, Any, Any]:
        """Default, method, getter and setter of a custom attribute. Raises :class:`DataError` if
        nobody declared it."""
        extension = everywhere.find(cls._kind, name)
        if extension is None:
            raise DataError(f"no custom attribute {cls._kind}._.{name} was declared")
        return extension.as_tuple()

    @classmethod
    def has_extension(cls, name: str) -> bool:
        """Whether a custom attribute was declared."""
        return everywhere.find(cls._kind, name) is not None

    @classmethod
    def remove_extension(cls, name: str) -> tuple[Any, Any, Any, Any]:
        """Take a custom attribute out again; returns what it was. Raises :class:`DataError` if
        nobody declared it."""
        return everywhere.remove(cls._kind, name).as_tuple()
