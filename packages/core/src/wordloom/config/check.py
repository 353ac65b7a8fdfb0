"""The strict check of a config, before anything is filled in.

confection alone lets much pass: a misspelt section disappears, an unknown name is found out only
when it is called, a number in quotes arrives as a string. Here each of these is a problem with its
path and line, and all problems come in one report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..components.factory import factory_config
from ..errors import ConfigError, ConfigProblem, RegistryError
from ..plugins import manager
from ..registries import registry
from .foreign import lacking
from .sections import (
    CORE_SECTIONS,
    FREE_SECTIONS,
    PROVIDERS,
    core_schema,
    default_config,
    plugin_defaults,
    plugin_sections,
)
from .signatures import MISSING, Parameter, Signature, schema_fields, signature_of
from .source import VARIABLE, Config
from .tree import above, exists, leaves, mappings
from .values import is_block, near, type_problem

__all__ = ["check_config", "find_problems"]

_SOURCED = ("source", "component", "replace_listeners", "name")
_LISTS = (
    "nlp.pipeline",
    "nlp.disabled",
    "training.frozen_components",
    "training.annotating_components",
)


def check_config(
    config: Mapping[str, Any], *, complete: bool = False, excerpt: bool = False
) -> None:
    """Raise :class:`ConfigError` with everything that is wrong with ``config``.

    With ``complete``, a value that isn't written down is a problem too, even if it has a default:
    training must not depend on defaults that nobody sees. With ``excerpt``, only blocks are
    checked, whatever section they are in.
    """
    problems = find_problems(config, complete=complete, excerpt=excerpt)
    if problems:
        raise ConfigError(problems, source=getattr(config, "source", "config"))


def find_problems(
    config: Mapping[str, Any], *, complete: bool = False, excerpt: bool = False
) -> list[ConfigProblem]:
    """Everything that is wrong with ``config``, in the order of the file; see
    :func:`check_config`."""
    checker = _Checker(config, complete, excerpt)
    with registry.preferring(checker.config):
        checker.run()
    last = max(checker.lines.values(), default=0) + 1
    return sorted(checker.problems, key=lambda problem: problem.line or last)


class _Checker:
    """One check of one config."""

    def __init__(self, config: Mapping[str, Any], complete: bool, excerpt: bool) -> None:
        self.config = config if isinstance(config, Config) else Config(dict(config))
        self.lines = self.config.lines
        self.complete = complete
        self.excerpt = excerpt
        self.problems: list[ConfigProblem] = []
        self.defaults = default_config()
        self.plugins = plugin_sections()
        self.whole = self._merged()
        self.values: Mapping[str, Any] = self.whole

    def _merged(self) -> Config:
        if self.excerpt:
            return self.config
        # spaCy writes [pretraining] into every config, empty where it isn't used.
        present = [name for name in self.plugins if self.config.get(name)]
        return self.defaults.merge(plugin_defaults(present)).merge(self.config)

    def run(self) -> None:
        broken = self._references(self.config, "")
        if not broken:
            self.values = self._interpolated()
        if not self.excerpt:
            self._top_level()
            self._core_keys()
            self._components()
            self._names_of_components()
            self._plugin_keys()
        for name, section in self.config.items():
            if name != "components" or self.excerpt:
                self._walk(section, name)
        if self.complete:
            self._missing()

    # -- helpers

    def add(self, path: str, message: str, fix: str = "") -> None:
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

    def _interpolated(self) -> Mapping[str, Any]:
        try:
            return self.whole.interpolate()
        except Exception as error:
            words = " ".join(str(error).split())[:200]
            self.add(
                "(references)", f"can't be resolved: {words}", "look for references in a circle"
            )
            return self.whole

    def _references(self, node: Any, path: str) -> bool:
        """Report each ``${reference}`` to what isn't there. Returns whether there was any."""
        broken = False
        if isinstance(node, Mapping):
            for key, value in node.items():
                broken |= self._references(value, f"{path}.{key}".lstrip("."))
        elif isinstance(node, list):
            for value in node:
                broken |= self._references(value, path)
        elif isinstance(node, str) and not self.excerpt:
            for target in VARIABLE.findall(node):
                if not exists(self.whole, target.replace(":", ".")):
                    options = [p for p, _ in leaves(self.whole)]
                    fix = near(target, options, "correct it").replace("correct it: ", "e.g. ")
                    self.add(path, f"refers to '{target}', which isn't there", fix)
                    broken = True
        return broken

    # -- sections

    def _top_level(self) -> None:
        known = (*CORE_SECTIONS, *self.plugins)
        components = self.config.get("components", {})
        for name, section in self.config.items():
            if name in known:
                if not isinstance(section, Mapping):
                    self.add(name, "must be a section", f"write [{name}]")
                continue
            if name in PROVIDERS:
                # spaCy writes the section into every config, empty where it isn't used.
                if section:
                    dist = PROVIDERS[name]
                    message = f"is read by `{dist}`, which isn't installed"
                    self.add(name, message, f"pip install {dist}")
                continue
            fix = near(name, known, "sections")
            if name in components or registry.has("factories", name):
                fix = f"did you mean [components.{name}]?"
            elif not fix.startswith("did you"):
                fix += "; your own values can stand in [variables]"
            self.add(name, f"there is no section [{name}]", fix)

    def _core_keys(self) -> None:
        for name in ("nlp", "training", "initialize", "system"):
            section = self.config.get(name)
            if isinstance(section, Mapping):
                known = {*self.defaults[name], *(("vectors",) if name == "nlp" else ())}
                for key in section:
                    if key not in known:
                        self.add(f"{name}.{key}", f"[{name}] has no '{key}'", near(key, known))
        for path, annotation in core_schema().items():
            section, _, key = path.partition(".")
            if isinstance(self.config.get(section), Mapping) and key in self.config[section]:
                self._type(path, self.config[section][key], annotation)

    def _plugin_keys(self) -> None:
        """Keys and types of sections of plugins, by their defaults and their schema."""
        for name, owned in self.plugins.items():
            section = self.config.get(name)
            if not isinstance(section, Mapping) or is_block(section):
                continue
            fields = self._fields(name, owned.schema)
            known = {*owned.defaults, *fields}
            for key, value in section.items():
                if key not in known:
                    self.add(f"{name}.{key}", f"[{name}] has no '{key}'", near(key, known))
                elif key in fields:
                    self._type(f"{name}.{key}", value, fields[key].annotation)
            for key, field in fields.items():
                if field.default is MISSING and key not in section and key not in owned.defaults:
                    self.add(f"{name}.{key}", "is missing and has no default", "add it")

    def _fields(self, name: str, target: str) -> Mapping[str, Parameter]:
        """The fields of the confection schema at ``module:attribute``."""
        try:
            return schema_fields(target) if target else {}
        except (ImportError, AttributeError) as error:
            self.add(name, f"can't be checked: its schema {target} fails: {error}")
            return {}

    def _names_of_components(self) -> None:
        """Lists of component names, and names of corpora, must name what is defined."""
        known = self.config.get("components", {})
        for path in _LISTS:
            names = self.value(path, [])
            for name in names if isinstance(names, list) else []:
                if name not in known:
                    self.add(
                        path,
                        f"names '{name}', but there is no [components.{name}]",
                        near(name, known, "defined"),
                    )
        for key in self.config.get("initialize", {}).get("components", {}):
            if key not in known:
                self.add(
                    f"initialize.components.{key}",
                    f"there is no component '{key}'",
                    near(key, known),
                )
        for path in ("training.train_corpus", "training.dev_corpus"):
            target = self.value(path, "")
            if isinstance(target, str) and not exists(self.whole, target):
                options = [f"corpora.{name}" for name in self.whole["corpora"]]
                self.add(
                    path, f"names '{target}', which isn't there", near(target, options, "defined")
                )

    # -- components

    def _components(self) -> None:
        components = self.config.get("components", {})
        for name, block in components.items() if isinstance(components, Mapping) else ():
            path = f"components.{name}"
            if not isinstance(block, Mapping):
                self.add(path, "must be a section", f"write [{path}]")
            elif "source" in block:
                for key in block:
                    if key not in _SOURCED:
                        self.add(
                            f"{path}.{key}", "isn't allowed beside 'source'", near(key, _SOURCED)
                        )
            elif "factory" not in block:
                fix = f'add factory = "{name if registry.has("factories", name) else "..."}"'
                self.add(path, "has no 'factory'", fix)
                for key, value in block.items():
                    self._walk(value, f"{path}.{key}")
            else:
                self._component(path, block)

    def _component(self, path: str, block: Mapping[str, Any]) -> None:
        name = self.value(f"{path}.factory", block["factory"])
        function = self._function(f"{path}.factory", "factories", name)
        if function is None:
            if not lacking("factories", name):  # then what is in it needn't be named, too
                self._walk({key: v for key, v in block.items() if key != "factory"}, path)
            return
        found = signature_of(function, skip=("nlp", "name"))
        defaults = factory_config(function)
        parameters = {
            key: Parameter(key, each.annotation, defaults.get(key, MISSING))
            for key, each in found.parameters.items()
        }
        arguments = {key: value for key, value in block.items() if key not in ("factory", "name")}
        self._arguments(path, arguments, Signature(parameters, found.open), f"factory '{name}'")

    # -- blocks

    def _walk(self, node: Any, path: str) -> None:
        """Check every block in ``node``, and that none hides in a list."""
        if path == "nlp.vectors" and not self.value("initialize.vectors", None):
            return  # written by spaCy into every config; nothing is loaded without a path
        if isinstance(node, Mapping):
            if is_block(node):
                self._block(path, node)
            else:
                for key, value in node.items():
                    self._walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for value in node:
                if any(is_block(each) for each in mappings(value)):
                    fix = "write it as a section of its own, [section.*.name] for several"
                    self.add(path, "has a @ block inside a list, where it stays unresolved", fix)

    def _block(self, path: str, block: Mapping[str, Any]) -> None:
        keys = [key for key in block if key.startswith("@")]
        if len(keys) > 1:
            self.add(path, f"names several functions: {', '.join(keys)}", "keep one")
            return
        kind, name = keys[0][1:], block[keys[0]]
        arguments = {key: value for key, value in block.items() if key != keys[0]}
        if kind not in registry.registries():
            known = registry.registries()
            self.add(f"{path}.{keys[0]}", f"there is no registry '@{kind}'", near(kind, known))
            function = None
        else:
            function = self._function(
                f"{path}.{keys[0]}", kind, self.value(f"{path}.{keys[0]}", name)
            )
        if function is None:
            for key, value in arguments.items():
                self._walk(value, f"{path}.{key}")
        else:
            self._arguments(path, arguments, signature_of(function), f"'{name}'")

    def _function(self, path: str, kind: str, name: Any) -> Any:
        if not isinstance(name, str):
            self.add(path, f"must be a name in quotes, not {name!r}")
            return None
        try:
            return registry.get(kind, name)
        except RegistryError as error:
            renamed = manager().renamed.get((kind, name))
            if renamed is not None:
                self.add(path, f"'{name}' has another name now", f"write '{renamed.name}'")
            elif advice := lacking(kind, name):
                fix = f"take it out of nlp.pipeline and [components], and {advice}"
                self.add(path, f"'{name}' is a component of spaCy's that isn't here", fix)
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
                    self.add(where, f"{function} takes no list of arguments", "name each argument")
            elif key in known:
                self._type(where, value, known[key].annotation, known[key].default)
            elif not signature.open:
                self.add(
                    where, f"{function} has no argument '{key}'", near(key, known, "arguments")
                )
            self._walk(value, where)
        for key, parameter in known.items():
            if parameter.default is MISSING and key not in arguments and "*" not in arguments:
                self.add(f"{path}.{key}", f"is missing: {function} has no default for it", "add it")

    def _type(self, path: str, raw: Any, annotation: Any, default: Any = MISSING) -> None:
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

    # -- completeness

    def _missing(self) -> None:
        from .fill import fill_config

        if self.problems:
            return  # what is missing can be told only of a config that is right otherwise
        filled = fill_config(self.config)
        absent = [
            (path, value)
            for path, value in leaves(filled)
            if not exists(self.config, path) and path.split(".")[0] not in FREE_SECTIONS
        ]
        for path, value in absent:
            fix = "'wordloom init fill-config' writes all defaults down"
            self.add(path, f"is missing (its default is {json.dumps(value)})", fix)
        if not self.value("nlp.lang", None):
            self.add("nlp.lang", "has no value", 'set it to a language code such as "en"')


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
