"""What a registered function takes: names, types and defaults of its parameters."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, get_type_hints

__all__ = ["MISSING", "Parameter", "Signature", "schema_fields", "signature_of"]


class _Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


#: Stands for a default that isn't there.
MISSING = _Missing()


@dataclass(frozen=True)
class Parameter:
    """One parameter. ``annotation`` is ``None`` where it isn't given or can't be evaluated,
    ``default`` is :data:`MISSING` where the argument must be given."""

    name: str
    annotation: Any
    default: Any


@dataclass(frozen=True)
class Signature:
    """The parameters of a function by name; ``open`` if it takes any keyword, ``positional`` if
    it takes any number of positional arguments (written as ``[section.*.name]``)."""

    parameters: dict[str, Parameter]
    open: bool = False
    positional: bool = False


def signature_of(function: Callable[..., Any], skip: tuple[str, ...] = ()) -> Signature:
    """The signature of a function, or of a class's constructor, without the parameters in
    ``skip``. A function that can't be inspected counts as open."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return Signature({}, open=True, positional=True)
    parameters: dict[str, Parameter] = {}
    takes_any = takes_many = False
    for name, parameter in found.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            takes_many = True
        elif name not in skip:
            default = MISSING if parameter.default is parameter.empty else parameter.default
            annotation = _annotation(function, parameter.annotation)
            parameters[name] = Parameter(name, annotation, default)
    return Signature(parameters, takes_any, takes_many)


def schema_fields(target: str) -> dict[str, Parameter]:
    """The fields of the confection ``Schema`` at ``module:attribute``, as parameters.

    Raises :class:`ImportError` or :class:`AttributeError` if it can't be had.
    """
    module, _, attribute = target.partition(":")
    schema = getattr(import_module(module), attribute)
    try:
        hints = get_type_hints(schema)
    except Exception:
        hints = {}
    return {
        key: Parameter(key, hints.get(key), MISSING if field.is_required() else field.default)
        for key, field in schema.model_fields.items()
    }


def _annotation(function: Callable[..., Any], annotation: Any) -> Any:
    """The annotation as an object. Text that names what is imported for type checkers alone can't
    be evaluated, and then there is nothing to check against."""
    if annotation is inspect.Parameter.empty:
        return None
    if not isinstance(annotation, str):
        return annotation
    scope = getattr(inspect.unwrap(function), "__globals__", None)
    if scope is None:
        scope = vars(sys.modules.get(getattr(function, "__module__", ""), inspect))
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}), scope)["it"]
    except Exception:
        return None
