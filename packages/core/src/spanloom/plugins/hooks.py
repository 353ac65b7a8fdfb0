"""The manager: it imports hook modules one by one and asks each plugin by itself.

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
from threading import Timer
from types import ModuleType
from typing import Any

import pluggy

from ..errors import Failure, PluginError
from . import spec
from .failures import load_entry, record_failure
from .index import PREFIX, Entry, Index, current, enabled, home, normalize, on_refresh, selection
from .known import command_providers
from .tables import CORE_SECTIONS, CommandTable, ConfigSection, ExtensionTable, Renamed, Report
from .trace import aside, trace

__all__ = ["GROUP", "Manager", "Plugin", "manager"]

GROUP = f"{PREFIX}plugins"
"""The entry-point group of hook modules, one per distribution."""

SLOW = 1.0
"""Seconds that a hook module may take before it is said who keeps everybody waiting."""

_Caller = Callable[..., Any]


@dataclass(frozen=True)
class Plugin:
    """A hook module that takes part, and how many seconds it took to import."""

    entry: Entry
    module: ModuleType
    seconds: float

    @property
    def dist(self) -> str:
        """Name of the distribution."""
        return self.entry.dist


class Manager:
    """Asks the plugins of an index.

    ``only`` limits it to distributions by name. ``failures`` holds the record of everything that
    went wrong; ``plugins`` those that take part, core first and then by name.
    """

    def __init__(self, index: Index, only: Collection[str] | None = None) -> None:
        self.plugins: list[Plugin] = []
        self.failures: list[Failure] = []
        self.commands = CommandTable()
        self.sections: dict[str, ConfigSection] = {}
        self.extensions = ExtensionTable()
        self.renamed: dict[tuple[str, str], Renamed] = {}
        self._hooks = pluggy.PluginManager("spanloom")
        self._hooks.add_hookspecs(spec)
        self._callers: dict[str, list[tuple[Plugin, _Caller]]] = {}
        self._warned: set[tuple[str, str]] = set()
        wanted = None if only is None else {normalize(name) for name in only}
        for entry in _in_order(index):
            if enabled(entry) and (wanted is None or normalize(entry.dist) in wanted):
                self._add(entry)
        self.ignored = self.commands.without_intruders(command_providers())
        """Commands that are left out, since they belong to core or to another package of ours."""
        for command in self.ignored:
            warnings.warn(
                f"Command '{command.name}' of {command.owner} ({command.target}) is ignored: it "
                "has the name of one of Spanloom's, or hides one. Its author must rename it",
                RuntimeWarning,
                stacklevel=3,
            )

    # -- building

    def _add(self, entry: Entry) -> None:
        start = time.perf_counter()
        try:
            with _told_if_slow(entry):
                module = load_entry(entry)
        except PluginError as error:
            if error.failure is not None:
                self.failures.append(error.failure)
            return
        reason = _unfit(module)
        if reason:
            self.failures.append(record_failure(entry, "compat", reason))
            return
        plugin = Plugin(entry, module, time.perf_counter() - start)
        try:
            self._hooks.register(module, name=entry.dist)
            self._hooks.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            self._refuse(plugin, "validate", error)
            return
        self.plugins.append(plugin)
        self._callers.clear()
        self._declare(plugin)

    def _refuse(self, plugin: Plugin, stage: str, error: BaseException) -> None:
        self.failures.append(record_failure(plugin.entry, stage, error))
        if self._hooks.is_registered(plugin.module):
            self._hooks.unregister(plugin.module)
        self.plugins = [other for other in self.plugins if other is not plugin]
        self._callers.clear()

    def _declare(self, plugin: Plugin) -> None:
        """Take all declarations of a plugin, or none if one of them fails."""
        commands = CommandTable.of(plugin.dist)
        extensions = ExtensionTable(plugin.dist)
        try:
            self._ask(plugin, "register_commands", commands=commands)
            self._ask(plugin, "declare_extensions", declare=extensions)
            sections = self._sections(plugin)
            renamed = {
                key: new
                for key, new in dict(self._ask(plugin, "legacy_names") or {}).items()
                if home(PREFIX + key[0], key[1]) in (None, normalize(plugin.dist))
            }
            self.extensions.merge(extensions)
        except (Exception, SystemExit) as error:
            self._refuse(plugin, "call", error)
            return
        self.commands.merge(commands)
        self.sections.update(sections)
        self.renamed.update(renamed)

    def _sections(self, plugin: Plugin) -> dict[str, ConfigSection]:
        declared = self._ask(plugin, "config_sections") or []
        sections = {each.name: replace(each, owner=plugin.dist) for each in declared}
        for name in sections:
            if name in CORE_SECTIONS:
                raise PluginError(
                    f"config section [{name}] is core's: {plugin.dist} must rename it"
                )
            if name in self.sections:
                raise PluginError(
                    f"config section [{name}] is owned by {self.sections[name].owner} and by "
                    f"{plugin.dist}: one of them must rename it or go"
                )
        return sections

    def _ask(self, plugin: Plugin, hook: str, **arguments: Any) -> Any:
        for other, caller in self._having(hook):
            if other is plugin:
                return _single(caller(**arguments))
        return None

    def _having(self, hook: str) -> list[tuple[Plugin, _Caller]]:
        """The plugins that implement a hook, each with a caller that reaches it alone."""
        if hook not in self._callers:
            modules = [plugin.module for plugin in self.plugins]
            called = getattr(self._hooks.hook, hook)
            implementing = [each.plugin for each in called.get_hookimpls()]
            self._callers[hook] = [
                (plugin, self._alone(hook, plugin, modules))
                for plugin in self.plugins
                if plugin.module in implementing
            ]
        return self._callers[hook]

    def _alone(self, hook: str, plugin: Plugin, modules: list[ModuleType]) -> _Caller:
        others = [module for module in modules if module is not plugin.module]
        caller = self._hooks.subset_hook_caller(hook, others)

        def call(**arguments: Any) -> Any:
            start = time.perf_counter()
            try:
                with aside():
                    return caller(**arguments)
            finally:
                trace(f"hook {hook} of {plugin.dist}", start)

        return call

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
        self.failures.append(failure)
        return failure


def _in_order(index: Index) -> list[Entry]:
    entries = [entry for name in index.names(GROUP) for entry in index.entries(GROUP, name)]
    return sorted(entries, key=lambda entry: (normalize(entry.dist) != "spanloom", entry.dist))


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


def _single(answer: Any) -> Any:
    # A caller that reaches one plugin answers with a list of at most one, but for firstresult.
    return (answer[0] if answer else None) if isinstance(answer, list) else answer


_managers: dict[str, Manager] = {}


def manager() -> Manager:
    """The manager of this process; hook modules are imported when it is first asked for.

    There is one for each value that ``SPANLOOM_PLUGINS`` has had.
    """
    key = selection()
    if key not in _managers:
        _managers[key] = Manager(current())
    return _managers[key]


on_refresh(_managers.clear)
