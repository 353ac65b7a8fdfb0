"""The manager: it imports hook modules when they are needed and asks each plugin by itself.

What one plugin does wrong is recorded and never keeps another from being asked.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from threading import RLock, Timer
from types import ModuleType
from typing import Any, Self

import pluggy

from ..errors import Failure, PluginError
from . import spec
from .failures import load_entry, record_failure
from .index import PREFIX, Entry, Index, current, enabled, home, normalize, on_refresh, selection
from .known import command_providers
from .sources import HOOKS, hooks_named
from .tables import (
    CORE_SECTIONS,
    Command,
    CommandTable,
    ConfigSection,
    ExtensionTable,
    Renamed,
    Report,
)
from .trace import aside, trace

__all__ = ["GROUP", "Manager", "Plugin", "manager"]

GROUP = f"{PREFIX}plugins"
"""The entry-point group of hook modules, one per distribution."""

SLOW = 1.0
"""Seconds that a hook module may take before it is said who keeps everybody waiting."""

#: Hooks whose second declaration of a name is refused.
_CLASHING = frozenset({"config_sections", "declare_extensions"})

_Caller = Callable[..., Any]


@dataclass(frozen=True)
class Plugin:
    """A hook module that takes part."""

    entry: Entry
    module: ModuleType

    @property
    def dist(self) -> str:
        """Name of the distribution."""
        return self.entry.dist


class Manager:
    """Asks the plugins of an index.

    A hook module is imported when a hook that its source names is first asked. ``only`` limits it
    to distributions by name.
    """

    def __init__(self, index: Index, only: Collection[str] | None = None) -> None:
        self._plugins: list[Plugin] = []
        self._failures: list[Failure] = []
        self._commands = CommandTable()
        self._sections: dict[str, ConfigSection] = {}
        self._extensions = ExtensionTable()
        self._renamed: dict[tuple[str, str], Renamed] = {}
        self._hooks = pluggy.PluginManager("spanloom")
        self._hooks.add_hookspecs(spec)
        self._callers: dict[str, list[tuple[Plugin, _Caller]]] = {}
        self._warned: set[tuple[str, str]] = set()
        self._importing = RLock()
        wanted = None if only is None else {normalize(name) for name in only}
        entries = (entry for name in index.names(GROUP) for entry in index.entries(GROUP, name))
        self._waiting = {
            entry: hooks_named(entry)
            for entry in sorted(entries, key=_order)
            if enabled(entry) and (wanted is None or normalize(entry.dist) in wanted)
        }

    @property
    def plugins(self) -> list[Plugin]:
        """All that take part, core first and then by name."""
        return self._import(None)._plugins

    @property
    def failures(self) -> list[Failure]:
        """The record of everything that went wrong."""
        return self._import(None)._failures

    @cached_property
    def commands(self) -> CommandTable:
        """The commands, but for those that `ignored` has."""
        for command in self.ignored:
            warnings.warn(
                f"Command '{command.name}' of {command.owner} ({command.target}) is ignored: it "
                "has the name of one of Spanloom's, or hides one. Its author must rename it",
                RuntimeWarning,
                stacklevel=3,
            )
        return self._commands

    @cached_property
    def ignored(self) -> list[Command]:
        """Commands that are left out, since they belong to core or to another package of ours."""
        commands = self._import({"register_commands"})._commands
        return commands.without_intruders(command_providers())

    @property
    def sections(self) -> dict[str, ConfigSection]:
        """The sections of configs that plugins own."""
        return self._import({"config_sections"})._sections

    @property
    def extensions(self) -> ExtensionTable:
        """The custom attributes that plugins declare."""
        return self._import({"declare_extensions"})._extensions

    @property
    def renamed(self) -> dict[tuple[str, str], Renamed]:
        """Registry and name -> what became of it."""
        return self._import({"legacy_names"})._renamed

    # -- building

    def _import(self, hooks: Collection[str] | None) -> Self:
        """Import the modules that still wait and may have one of the hooks, or all."""
        with self._importing:
            wanted = {*(hooks or HOOKS)}
            # Who is refused where two declare the same mustn't hang on what was asked first.
            for _ in _CLASHING:
                needed = [each for each in self._waiting.values() if each & wanted]
                wanted.update(*(each & _CLASHING for each in needed))
            for entry, named in list(self._waiting.items()):
                if hooks is None or named & wanted:
                    del self._waiting[entry]
                    self._add(entry)
        return self

    def _add(self, entry: Entry) -> None:
        try:
            with _told_if_slow(entry):
                module = load_entry(entry)
        except PluginError as error:
            if error.failure is not None:
                self._failures.append(error.failure)
            return
        reason = _unfit(module)
        if reason:
            self._failures.append(record_failure(entry, "compat", reason))
            return
        plugin = Plugin(entry, module)
        try:
            self._hooks.register(module, name=entry.dist)
            self._hooks.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            self._refuse(plugin, "validate", error)
            return
        self._plugins = sorted([*self._plugins, plugin], key=lambda each: _order(each.entry))
        self._callers.clear()
        self._declare(plugin)

    def _refuse(self, plugin: Plugin, stage: str, error: BaseException) -> None:
        self._failures.append(record_failure(plugin.entry, stage, error))
        if self._hooks.is_registered(plugin.module):
            self._hooks.unregister(plugin.module)
        self._plugins = [other for other in self._plugins if other is not plugin]
        self._callers.clear()

    def _declare(self, plugin: Plugin) -> None:
        """Take all declarations of a plugin, or none if one of them fails."""
        commands = CommandTable.of(plugin.dist)
        extensions = ExtensionTable(plugin.dist)
        try:
            self._ask(plugin, "register_commands", commands=commands)
            self._ask(plugin, "declare_extensions", declare=extensions)
            sections = self._declared_sections(plugin)
            renamed = {
                key: new
                for key, new in dict(self._ask(plugin, "legacy_names") or {}).items()
                if home(PREFIX + key[0], key[1]) in (None, normalize(plugin.dist))
            }
            self._extensions.merge(extensions)
        except (Exception, SystemExit) as error:
            self._refuse(plugin, "call", error)
            return
        self._commands.merge(commands)
        self._sections.update(sections)
        self._renamed.update(renamed)

    def _declared_sections(self, plugin: Plugin) -> dict[str, ConfigSection]:
        declared = self._ask(plugin, "config_sections") or []
        sections = {each.name: replace(each, owner=plugin.dist) for each in declared}
        for name in sections:
            if name in CORE_SECTIONS:
                raise PluginError(
                    f"config section [{name}] is core's: {plugin.dist} must rename it"
                )
            if name in self._sections:
                raise PluginError(
                    f"config section [{name}] is owned by {self._sections[name].owner} and by "
                    f"{plugin.dist}: one of them must rename it or go"
                )
        return sections

    def _ask(self, plugin: Plugin, hook: str, **arguments: Any) -> Any:
        answers = [call(**arguments) for other, call in self._callers_of(hook) if other is plugin]
        return answers[0] if answers else None

    def _having(self, hook: str) -> list[tuple[Plugin, _Caller]]:
        """The plugins that implement a hook, each with what calls it alone."""
        if hook not in self._callers:
            self._callers[hook] = self._import({hook})._callers_of(hook)
        return self._callers[hook]

    def _callers_of(self, hook: str) -> list[tuple[Plugin, _Caller]]:
        found = getattr(self._hooks.hook, hook).get_hookimpls()
        return [
            (plugin, _caller(plugin, hook, each))
            for plugin in self._plugins
            for each in found
            if each.plugin is plugin.module
        ]

    # -- asking

    def warn_of_old(self, registry: str, name: str) -> None:
        """Tell once of a name that works still, but which its plugin has renamed."""
        new = self.renamed.get((registry, name))
        if new is not None and (registry, name) not in self._warned:
            self._warned.add((registry, name))
            until = f" in release {new.until}" if new.until else " in a later release"
            warnings.warn(
                f"'{name}' in registry '{registry}' has been renamed to '{new.name}': the old name "
                f"will stop working{until}",
                DeprecationWarning,
                stacklevel=3,
            )

    def observe(self, hook: str, **arguments: Any) -> None:
        """Tell all plugins of a moment.

        One that raises is recorded and warned about once; where ``SPANLOOM_STRICT_PLUGINS`` is set,
        `PluginError` is raised instead.
        """
        for plugin, caller in self._having(hook):
            try:
                caller(**arguments)
            except (Exception, SystemExit) as error:
                failure = self._record(plugin, hook, error)
                if os.environ.get("SPANLOOM_STRICT_PLUGINS", "") not in {"", "0"}:
                    raise PluginError(str(failure), failure) from error
                if (plugin.dist, hook) not in self._warned:
                    self._warned.add((plugin.dist, hook))
                    warnings.warn(f"hook {hook}: {failure}", RuntimeWarning, stacklevel=2)

    def demand(self, hook: str, **arguments: Any) -> None:
        """Tell all plugins of a moment at which none may fail; `PluginError` if one does."""
        for plugin, caller in self._having(hook):
            try:
                caller(**arguments)
            except (Exception, SystemExit) as error:
                failure = self._record(plugin, hook, error)
                raise PluginError(f"hook {hook}: {failure}", failure) from error

    def first(self, hook: str, **arguments: Any) -> Any:
        """The first answer other than None, or None. One that raises is recorded and passed by."""
        for plugin, caller in self._having(hook):
            try:
                answer = caller(**arguments)
            except (Exception, SystemExit) as error:
                self._record(plugin, hook, error)
                continue
            if answer is not None:
                return answer
        return None

    def report(self, hook: str, report: Report, **arguments: Any) -> Report:
        """Let plugins add to a report; one that raises becomes an error in it."""
        for plugin, caller in self._having(hook):
            report.owner = plugin.dist
            try:
                caller(report=report, **arguments)
            except (Exception, SystemExit) as error:
                report.error(f"hook {hook}: {self._record(plugin, hook, error)}")
        report.owner = ""
        return report

    def _record(self, plugin: Plugin, hook: str, error: BaseException) -> Failure:
        failure = replace(record_failure(plugin.entry, "call", error), name=hook)
        self._failures.append(failure)
        return failure


def _order(entry: Entry) -> tuple[bool, str]:
    return normalize(entry.dist) != "spanloom", entry.dist


@contextmanager
def _told_if_slow(entry: Entry) -> Iterator[None]:
    """Say on standard error who keeps everybody waiting, while it does."""
    said = (
        f"spanloom: waiting for {entry.dist} {entry.version}, whose hook module {entry.module} is"
    )
    leave_out = f"SPANLOOM_PLUGINS=-{normalize(entry.dist)} leaves it out"
    line = f"{said} slow to import ({leave_out})"
    timer = Timer(SLOW, print, [line], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _unfit(module: Any) -> str:
    if not isinstance(module, ModuleType):
        return f"its target isn't a hook module but {type(module).__name__}"
    stated = getattr(module, "SPANLOOM_API", None)
    ends = stated if isinstance(stated, tuple) else (stated, stated)
    if stated is None:
        told = "states no SPANLOOM_API"
    elif len(ends) != 2 or any(type(each) is not int for each in ends):
        told = (
            f"states SPANLOOM_API = {stated!r}, where an int is due, or the first and the last "
            "that it is written for, as (1, 2)"
        )
    elif not ends[0] <= spec.API <= ends[1]:
        told = "is written for API " + " to ".join(map(str, dict.fromkeys(ends)))
    else:
        return ""
    return f"its hook module {told}, and this Spanloom has API {spec.API}"


def _caller(plugin: Plugin, hook: str, implementation: pluggy.HookImpl) -> _Caller:
    def call(**arguments: Any) -> Any:
        start = time.perf_counter()
        wanted = (arguments[name] for name in implementation.argnames)
        try:
            with aside():
                return implementation.function(*wanted)
        finally:
            trace(f"hook {hook} of {plugin.dist}", start)

    return call


_managers: dict[str, Manager] = {}


def manager() -> Manager:
    """The manager of this process; hook modules are imported when their hooks are first asked.

    There is one for each value that ``SPANLOOM_PLUGINS`` has had.
    """
    key = selection()
    if key not in _managers:
        _managers[key] = Manager(current())
    return _managers[key]


on_refresh(_managers.clear)
