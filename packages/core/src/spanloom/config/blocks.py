"""Checking blocks: that what they name exists, and that it takes the arguments that it gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError, ConfigProblem, RegistryError
from ..plugins import manager
from ..plugins.factory import factory_config
from ..plugins.registries import registry
from .signatures import MISSING, Parameter, Signature, signature_of
from .source import VARIABLE, Config
from .tree import above, mappings
from .values import is_block, near, type_problem

_SINGLE = (str, int, float, list)

__all__ = ["BlockChecker", "check_component"]


def check_component(name: str, factory: str, settings: Mapping[str, Any]) -> None:
    """Raise :class:`ConfigError` with everything that is wrong with the settings of one component,
    those that are given; what has a default needn't be."""
    path = f"components.{name}"
    block = {"factory": factory, **settings}
    checker = BlockChecker(Config({"components": {name: block}}), excerpt=True)
    checker.component(path, block)
    if checker.problems:
        raise ConfigError(checker.problems, f"component '{name}'")


class BlockChecker:
    """Collects the problems of the blocks in one config. With ``complete``, a default that isn't
    written down is a problem; an ``excerpt`` isn't merged with defaults, so what its references
    refer to isn't known."""

    def __init__(
        self, config: Mapping[str, Any], *, complete: bool = False, excerpt: bool = False
    ) -> None:
        self.config = config if isinstance(config, Config) else Config(dict(config))
        self.lines = self.config.lines
        self.complete = complete
        self.excerpt = excerpt
        self.problems: list[ConfigProblem] = []
        self.values: Config = self.config

    def add(self, path: str, message: str, fix: str = "") -> None:
        """Note a problem, once, with the line of what is nearest to ``path``."""
        around = (part for part in (path, *above(path)) if part in self.lines)
        below = (part for part in self.lines if part.startswith(f"{path}."))
        line = self.lines.get(next(around, None) or next(below, ""))
        problem = ConfigProblem(path, message, fix, line)
        if problem not in self.problems:
            self.problems.append(problem)

    def value(self, path: str, fallback: Any) -> Any:
        """The value at ``path`` with its references resolved."""
        node: Any = self.values
        for part in path.split("."):
            if not isinstance(node, Mapping) or part not in node:
                return fallback
            node = node[part]
        return node

    def component(self, path: str, block: Mapping[str, Any]) -> None:
        """Check the block of a component, which names its factory."""
        name = self.value(f"{path}.factory", block["factory"])
        function = self._function(f"{path}.factory", "factories", name)
        if function is None:
            # What is in a component that isn't available needn't be named, too.
            if not isinstance(name, str) or not registry.advice("factories", name):
                self.walk({key: v for key, v in block.items() if key != "factory"}, path)
            return
        found = signature_of(function, skip=("nlp", "name"))
        defaults = factory_config(function)
        parameters = {
            key: Parameter(key, each.annotation, defaults.get(key, MISSING))
            for key, each in found.parameters.items()
        }
        arguments = {key: value for key, value in block.items() if key not in ("factory", "name")}
        for key, parameter in found.parameters.items():
            # Where the default is a block, annotations often name what isn't imported at run time.
            value = self.value(f"{path}.{key}", block.get(key))
            if key not in block or parameter.annotation is not None:
                continue
            nothing = value is None and parameter.default is not None
            if is_block(defaults.get(key)) and (nothing or isinstance(value, _SINGLE)):
                default = next(iter(defaults[key].items()))
                fix = f"such as [{path}.{key}] with {default[0]} = {json.dumps(default[1])}"
                message = f"is {json.dumps(value, default=str)}, but must be a block"
                self.add(f"{path}.{key}", message, fix)
        self._arguments(path, arguments, Signature(parameters, found.open), f"factory '{name}'")

    def walk(self, node: Any, path: str) -> None:
        """Check every block in ``node``, and that none hides in a list."""
        if path == "nlp.vectors" and not self.value("initialize.vectors", None):
            return  # written by spaCy into every config; nothing is loaded without a path
        if isinstance(node, Mapping):
            if is_block(node):
                self._block(path, node)
            else:
                for key, value in node.items():
                    self.walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for value in node:
                if any(is_block(each) for each in mappings(value)):
                    fix = "write it as a section of its own, [section.*.name] for several"
                    self.add(path, "has an @ block inside a list, where it isn't resolved", fix)

    def _block(self, path: str, block: Mapping[str, Any]) -> None:
        keys = [key for key in block if key.startswith("@")]
        if len(keys) > 1:
            self.add(path, f"names several functions: {', '.join(keys)}", "keep one")
            return
        kind, name = keys[0][1:], block[keys[0]]
        arguments = {key: value for key, value in block.items() if key != keys[0]}
        if kind not in registry.kinds():
            known = registry.kinds()
            self.add(f"{path}.{keys[0]}", f"there is no registry '@{kind}'", near(kind, known))
            function = None
        else:
            function = self._function(
                f"{path}.{keys[0]}", kind, self.value(f"{path}.{keys[0]}", name)
            )
        if function is None:
            for key, value in arguments.items():
                self.walk(value, f"{path}.{key}")
        else:
            self._arguments(path, arguments, signature_of(function), f"'{name}'")

    def _function(self, path: str, kind: str, name: Any) -> Any:
        if not isinstance(name, str):
            self.add(path, f"must be a name in quotes, not {name!r}")
            return None
        try:
            found = registry.get(kind, name)
            manager().warn_of_old(kind, name)
            return found
        except RegistryError as error:
            renamed = manager().renamed.get((kind, name))
            if renamed is not None:
                self.add(path, f"'{name}' has been renamed", f"use '{renamed.name}'")
            elif advice := registry.advice(kind, name):
                what = "component"
                fix = f"take it out of nlp.pipeline and [components], and {advice}"
                if kind != "factories":
                    what, fix = kind.removesuffix("s"), advice
                self.add(path, f"'{name}' is another library's {what} and isn't available", fix)
            else:
                self.add(path, str(error))
        return None

    def _arguments(
        self, path: str, arguments: Mapping[str, Any], signature: Signature, function: str
    ) -> None:
        known = signature.parameters
        for key, value in arguments.items():
            where = f"{path}.{key}"
            if key == "*":
                if not signature.positional:
                    self.add(where, f"{function} takes no positional arguments", "name them")
            elif key in known:
                self.check_type(where, value, known[key].annotation, known[key].default)
            elif not signature.open:
                self.add(
                    where, f"{function} has no argument '{key}'", near(key, known, "arguments")
                )
            self.walk(value, where)
        for key, parameter in known.items():
            if parameter.default is MISSING and key not in arguments and "*" not in arguments:
                self.add(f"{path}.{key}", f"is missing: {function} requires it", "add it")

    def check_type(self, path: str, raw: Any, annotation: Any, default: Any = MISSING) -> None:
        """Check that the value at ``path``, ``raw`` as it is written, fits an annotation."""
        value = self.value(path, raw) if not self.excerpt else raw
        refers = isinstance(raw, str) and bool(VARIABLE.search(raw))
        if value is None and (default is None or (refers and not self.complete)):
            return
        if isinstance(value, str) and VARIABLE.search(value):
            return
        wrong = type_problem(value, annotation)
        if wrong is None:
            return
        fix = ""
        if value is None and refers:
            source = VARIABLE.findall(raw)[0]
            fix = f"set {source} in the config, or give --{source} on the command line"
        elif isinstance(value, str) and _is_number(value):
            fix = "remove the quotes"
        self.add(path, wrong, fix)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
