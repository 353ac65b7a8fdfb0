"""A JSON schema of configs, for editors that complete and check what is typed.

It is made of what is installed: sections and their defaults, and the signature of each function in
each registry. What it can't say, such as that a listener needs an encoder of its width,
:func:`spanloom.config.check_config` does.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from spanloom.config.sections import FREE_SECTIONS, core_schema, default_config, plugin_sections
from spanloom.config.signatures import MISSING, Signature, signature_of
from spanloom.errors import RegistryError
from spanloom.plugins.factory import factory_config
from spanloom.plugins.registries import registry

__all__ = ["config_schema", "schema_of_type"]

_REFERENCE = {"type": "string", "pattern": r"\$\{[\w.:*-]+\}"}
_BLOCK = {"$ref": "#/$defs/block"}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    Path: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def config_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a config as nested objects, such as TOML, JSON or
    ``load_config`` give. Imports everything that is installed; what can't be loaded is left out."""
    definitions: dict[str, Any] = {}
    names = [name for name in registry.kinds() if name != "factories"]
    for name in names:
        definitions[name] = _registry(name, definitions)
    required = {name: {"type": "object", "required": [f"@{name}"]} for name in names}
    cases = [{"if": each, "then": {"$ref": f"#/$defs/{n}"}} for n, each in required.items()]
    definitions["any"] = {"allOf": cases}
    definitions["block"] = {"anyOf": list(required.values()), "allOf": cases}
    definitions["component"] = _component(definitions)
    sections = {name: _section(name, values) for name, values in default_config().items()}
    sections["components"] = {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/component"},
    }
    for name, owned in plugin_sections().items():
        sections[name] = _section(name, owned.defaults)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Spanloom config",
        "type": "object",
        "properties": {**sections, **{name: {"type": "object"} for name in FREE_SECTIONS}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def schema_of_type(annotation: Any) -> dict[str, Any]:
    """The schema of the values that fit an annotation; ``{}``, which takes all, where that can't be
    said."""
    if annotation in _PLAIN:
        return dict(_PLAIN[annotation])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        parts = [schema_of_type(each) for each in arguments]
        return {"anyOf": parts} if all(parts) else {}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (list, set, tuple):
        first = schema_of_type(arguments[0]) if arguments and origin is not tuple else {}
        return {"type": "array", **({"items": first} if first else {})}
    if origin is dict:
        values = schema_of_type(arguments[1])
        return {"type": "object", **({"additionalProperties": values} if values else {})}
    return {}


def _value(annotation: Any, default: Any = MISSING) -> dict[str, Any]:
    """A value of a type, or a reference, or a block that returns one."""
    found = schema_of_type(annotation)
    if not found:
        return {"$ref": "#/$defs/any"}
    options = [found, _REFERENCE, _BLOCK]
    if default is None:
        options.append({"type": "null"})
    return {"anyOf": options}


def _arguments(signature: Signature, defaults: Mapping[str, Any]) -> dict[str, Any]:
    properties = {}
    required = []
    for name, parameter in signature.parameters.items():
        default = defaults.get(name, parameter.default)
        properties[name] = _value(parameter.annotation, default)
        if default is MISSING and not signature.positional:
            required.append(name)
    return {"properties": properties, "required": required}


def _registry(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a block that names a function of one registry. Each function gets a definition
    of its own, in ``definitions``."""
    key = f"@{kind}"
    cases = []
    found = sorted(registry.names(kind))
    for name in found:
        try:
            signature = signature_of(registry.get(kind, name))
        except RegistryError:
            continue
        arguments = _arguments(signature, {})
        arguments["properties"] |= {key: {"const": name}, "*": {}}
        if not signature.open:
            arguments["additionalProperties"] = False
        definitions[f"{kind}:{name}"] = arguments
        cases.append(_case(key, name, f"{kind}:{name}"))
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"enum": found}},
        **({"allOf": cases} if cases else {}),
    }


def _case(key: str, name: str, definition: str) -> dict[str, Any]:
    return {
        "if": {"properties": {key: {"const": name}}, "required": [key]},
        "then": {"$ref": f"#/$defs/{definition}"},
    }


def _component(definitions: dict[str, Any]) -> dict[str, Any]:
    found = sorted(registry.names("factories"))
    cases = []
    for name in found:
        try:
            function = registry.get("factories", name)
        except RegistryError:
            continue
        signature = signature_of(function, skip=("nlp", "name"))
        arguments = _arguments(signature, factory_config(function))
        arguments["properties"] |= {"factory": {"const": name}, "name": {"type": "string"}}
        if not signature.open:
            arguments["additionalProperties"] = False
        definitions[f"factories:{name}"] = arguments
        cases.append(_case("factory", name, f"factories:{name}"))
    return {
        "type": "object",
        "properties": {
            "factory": {"enum": found},
            "source": {"type": "string"},
            "component": {"type": "string"},
            "replace_listeners": {"type": "array", "items": {"type": "string"}},
        },
        "anyOf": [{"required": ["factory"]}, {"required": ["source"]}],
        "allOf": cases,
    }


def _section(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    typed = core_schema()
    properties = {}
    for key, value in values.items():
        annotation = typed.get(f"{name}.{key}")
        properties[key] = _value(annotation, value)
    # Corpora and the weights of scores have names of the user's own.
    own = name in ("corpora", *FREE_SECTIONS)
    properties |= {"vectors": {}} if name == "nlp" else {}
    return {"type": "object", "properties": properties, "additionalProperties": own}
