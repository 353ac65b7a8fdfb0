"""The strict check of a config, before anything is filled in.

confection alone lets much pass: a misspelt section disappears, an unknown name is found out only
when it is called, a number in quotes arrives as a string. Here each of these is a problem with its
path and line, and all problems come in one report.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from typing import Any

from ..errors import ConfigError, ConfigProblem
from ..plugins import manager
from ..plugins.known import providers
from ..plugins.registries import registry
from ..plugins.tables import Phase, Report
from .blocks import BlockChecker
from .fill import fill_config
from .sections import (
    CORE_SECTIONS,
    FREE_SECTIONS,
    core_schema,
    default_config,
    plugin_defaults,
    plugin_sections,
    with_required,
)
from .signatures import MISSING, Parameter, schema_fields
from .source import VARIABLE, Config
from .sourced import source_problem
from .tree import circle, exists, leaves
from .values import is_block, near

__all__ = ["check_config", "config_to_build", "find_problems"]

#: Settings of other libraries' configs that nothing here uses, and what to do instead.
_UNUSED = {
    "nlp.before_creation": "register a language (`languages`), or use after_creation",
    "initialize.vocab_data": "give words their vectors by initialize.vectors",
    "initialize.lookups": "register a language (`languages`) with the norms of its words",
}

_SOURCED_TYPES = {"source": str, "component": str, "replace_listeners": list[str], "name": str}
_SOURCED = tuple(_SOURCED_TYPES)
_LISTS = (
    "nlp.pipeline",
    "nlp.disabled",
    "training.frozen_components",
    "training.annotating_components",
)
#: What a pipeline is built of; of the other sections, those of plugins with the phase "load".
_BUILT = ("nlp", "components")
_PHASES: tuple[Phase, ...] = ("load", "train", "command")


def check_config(config: Mapping[str, Any], **options: Any) -> None:
    """Raise :class:`ConfigError` with everything that is wrong with ``config``; ``options`` are
    those of :func:`find_problems`."""
    problems = find_problems(config, **options)
    if problems:
        raise ConfigError(problems, source=getattr(config, "source", "config"))


def config_to_build(
    config: Mapping[str, Any], exclude: Collection[str] = ()
) -> tuple[Config, Config]:
    """What a pipeline is built of: ``config`` over the defaults of all sections, and the same with
    its references resolved. Raises :class:`ConfigError` as :func:`check_config` does for building.
    """
    checker = _Checker(config, False, False, "load", exclude)
    problems = checker.found()
    if problems:
        raise ConfigError(problems, source=checker.config.source)
    return checker.whole, checker.values


def find_problems(
    config: Mapping[str, Any],
    *,
    complete: bool = False,
    excerpt: bool = False,
    phase: Phase = "command",
    exclude: Collection[str] = (),
    report: Report | None = None,
) -> list[ConfigProblem]:
    """Everything that is wrong with ``config``, in the order of the file.

    With ``complete``, a value that isn't written down is a problem too, even if it has a default:
    training must not depend on defaults that nobody sees. With ``excerpt``, only blocks are
    checked, whatever section they are in.

    ``phase`` says what the config is wanted for. To build a pipeline (``"load"``), only the
    sections that it is built of are checked, and of the components those in its pipeline, but for
    ``exclude``; to train it, all sections but those that a command of a plugin reads (see
    :class:`~spanloom.plugins.ConfigSection`); else all. Except for ``"load"``, plugins are asked
    what they find (the hook ``check_config``), if nothing else is wrong: their errors are problems,
    and their warnings are added to ``report`` or, without one, given as Python's.
    """
    return _Checker(config, complete, excerpt, phase, exclude).found(report)


class _Checker(BlockChecker):
    """One check of one config."""

    def __init__(
        self,
        config: Mapping[str, Any],
        complete: bool,
        excerpt: bool,
        phase: Phase,
        exclude: Collection[str],
    ) -> None:
        if not excerpt and phase != "load":
            config = with_required(config if isinstance(config, Config) else Config(dict(config)))
        super().__init__(config, complete=complete, excerpt=excerpt)
        self.defaults = default_config()
        phases = _PHASES[: _PHASES.index(phase) + 1]
        # A saved pipeline seldom has any: who declares them needn't be asked then.
        strange = phase != "load" or any(name not in CORE_SECTIONS for name in config)
        self.plugins = plugin_sections() if strange else {}
        self.later = [name for name, each in self.plugins.items() if each.phase not in phases]
        if phase == "load":
            self.later += [name for name in CORE_SECTIONS if name not in _BUILT]
        self.building = phase == "load"
        self.exclude = exclude
        self.whole = self._merged()
        self.values: Config = self.whole

    def _merged(self) -> Config:
        if self.excerpt:
            return self.config
        # spaCy writes [pretraining] into every config, empty where it isn't used.
        present = [name for name in self.plugins if self.config.get(name)]
        more = plugin_defaults(present) if present else {}
        return self.defaults.merge(more).merge(self.config)

    def found(self, report: Report | None = None) -> list[ConfigProblem]:
        """All problems, in the order of the file."""
        with registry.preferring(self.config):
            self.run()
            if not (self.building or self.excerpt or self.problems):
                self.ask_plugins(report)
        last = max(self.lines.values(), default=0) + 1
        return sorted(self.problems, key=lambda problem: problem.line or last)

    def run(self) -> None:
        wrong = [
            name
            for name in (*(_BUILT if self.building else CORE_SECTIONS), *self.plugins)
            if name in self.config and not isinstance(self.config[name], Mapping)
        ]
        for name in wrong:
            self.add(name, "must be a section", f"write [{name}]")
        if wrong:
            return
        broken = self._references(self.config, "")
        if not broken:
            self.values = self._interpolated()
        if not self.excerpt:
            if not self.building:
                self._top_level()
            self._core_keys()
            self._components()
            self._names_of_components()
            self._plugin_keys()
        for name, section in self.config.items():
            if self.excerpt or (name != "components" and self._is_read(name)):
                self.walk(section, name)
        if self.complete:
            self._missing()

    def _pipeline(self) -> list[Any]:
        names = self.value("nlp.pipeline", [])
        return names if isinstance(names, list) else []

    def _is_read(self, section: str) -> bool:
        """Whether a section belongs to what is checked."""
        known = section in CORE_SECTIONS or section in self.plugins
        return section not in self.later and (known or not self.building)

    def ask_plugins(self, report: Report | None) -> None:
        """Let plugins look at a config in which nothing else is wrong."""
        found = manager().report("check_config", Report(), config=fill_config(self.config))
        for each in found.findings:
            if each.level == "error":
                self.add(f"({each.owner})", each.message, each.fix)
            elif report is not None:
                report.findings.append(each)
            elif each.level == "warning":
                fix = f" ({each.fix})" if each.fix else ""
                warnings.warn(f"config: {each.message}{fix} [{each.owner}]", stacklevel=5)

    def _interpolated(self) -> Config:
        fix = "look for references that form a circle"
        try:
            values = self.whole.interpolate()
        except Exception as error:
            words = " ".join(str(error).split())[:200]
            self.add("(references)", f"can't be resolved: {words}", fix)
            return self.whole
        around = circle(values)
        if around is not None:
            self.add(around, "refers to itself", fix)
        return values if around is None else self.whole

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
                    self.add(path, f"refers to '{target}', which doesn't exist", fix)
                    broken = True
        return broken

    # -- sections

    def _top_level(self) -> None:
        known = (*CORE_SECTIONS, *self.plugins)
        components = self.config.get("components", {})
        for name, section in self.config.items():
            if name in known:
                continue
            if dist := providers("sections").get(name):
                # spaCy writes the section into every config, empty where it isn't used.
                if section:
                    message = f"is read by '{dist}', which isn't installed"
                    self.add(name, message, f"pip install {dist}")
                continue
            fix = near(name, known, "sections")
            if name in components or registry.has("factories", name):
                fix = f"did you mean [components.{name}]?"
            elif not fix.startswith("did you"):
                fix += "; put values of your own in [variables]"
            self.add(name, f"there is no section [{name}]", fix)

    def _core_keys(self) -> None:
        for name in ("nlp", "training", "initialize", "system"):
            section = self.config.get(name)
            if isinstance(section, Mapping) and self._is_read(name):
                known = {*self.defaults[name], *(("vectors",) if name == "nlp" else ())}
                for key in section:
                    if key not in known:
                        self.add(f"{name}.{key}", f"[{name}] has no '{key}'", near(key, known))
        for path, fix in _UNUSED.items():
            if self._is_read(path.partition(".")[0]) and self.value(path, None):
                self.add(path, "can't be set: nothing would use it", fix)
        for path, annotation in core_schema().items():
            section, _, key = path.partition(".")
            values = self.config.get(section)
            if isinstance(values, Mapping) and key in values and self._is_read(section):
                self.check_type(path, values[key], annotation)

    def _plugin_keys(self) -> None:
        """Keys and types of sections of plugins, by their defaults and their schema."""
        for name, owned in self.plugins.items():
            section = self.config.get(name)
            if not isinstance(section, Mapping) or is_block(section) or not self._is_read(name):
                continue
            fields = self._fields(name, owned.schema)
            known = {*owned.defaults, *fields}
            for key, value in section.items():
                if key not in known:
                    self.add(f"{name}.{key}", f"[{name}] has no '{key}'", near(key, known))
                elif key in fields:
                    self.check_type(f"{name}.{key}", value, fields[key].annotation)
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
            names = self.value(path, []) if self._is_read(path.partition(".")[0]) else []
            for name in names if isinstance(names, list) else []:
                if name not in known:
                    message = f"names '{name}', but there is no section [components.{name}]"
                    self.add(path, message, near(name, known, "defined"))
        if self.building:
            return
        for key in self.config.get("initialize", {}).get("components", {}):
            if key not in known:
                where = f"initialize.components.{key}"
                self.add(where, f"there is no component '{key}'", near(key, known))
        for path in ("training.train_corpus", "training.dev_corpus"):
            target = self.value(path, "")
            if isinstance(target, str) and not exists(self.whole, target):
                options = [f"corpora.{name}" for name in self.whole["corpora"]]
                self.add(
                    path, f"names '{target}', which doesn't exist", near(target, options, "defined")
                )

    # -- components

    def _components(self) -> None:
        components = self.config.get("components", {})
        for name, block in components.items() if isinstance(components, Mapping) else ():
            if self.building and (name in self.exclude or name not in self._pipeline()):
                continue
            path = f"components.{name}"
            if not isinstance(block, Mapping):
                self.add(path, "must be a section", f"write [{path}]")
            elif "source" in block:
                self._sourced(path, name, block)
            elif "factory" not in block:
                fix = f'add factory = "{name if registry.has("factories", name) else "..."}"'
                self.add(path, "has no 'factory'", fix)
                for key, value in block.items():
                    self.walk(value, f"{path}.{key}")
            else:
                self.component(path, block)

    def _sourced(self, path: str, name: str, block: Mapping[str, Any]) -> None:
        for key in block:
            if key not in _SOURCED:
                self.add(f"{path}.{key}", "isn't allowed beside 'source'", near(key, _SOURCED))
        for key, annotation in _SOURCED_TYPES.items():
            if key in block:
                self.check_type(f"{path}.{key}", block[key], annotation)
        source = self.value(f"{path}.source", block["source"])
        wanted = self.value(f"{path}.component", block.get("component", name))
        if isinstance(source, str) and isinstance(wanted, str):
            problem = source_problem(source, wanted)
            # A config may be written before, or elsewhere than, the pipeline that it builds on.
            needed = self.building or self.complete
            if problem is not None and (needed or problem.path != "source"):
                self.add(f"{path}.{problem.path}", problem.message, problem.fix)

    # -- completeness

    def _missing(self) -> None:
        if self.problems:
            return  # what is missing can be told only of a config that is right otherwise
        filled = fill_config(self.config)
        absent = [
            (path, value)
            for path, value in leaves(filled)
            if not exists(self.config, path)
            and path.split(".")[0] not in (*FREE_SECTIONS, *self.later)
        ]
        for path, value in absent:
            fix = "'spanloom init fill-config' fills in all defaults"
            self.add(path, f"is missing (its default is {json.dumps(value)})", fix)
        if not self.value("nlp.lang", None):
            self.add("nlp.lang", "has no value", 'set it to a language code such as "en"')
