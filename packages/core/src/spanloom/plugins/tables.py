"""What plugins hand over in hooks, and what they are handed: plain data, importing nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import PluginError

_COMMAND = re.compile(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_SECTION = re.compile(r"[a-z][a-z0-9_]*")

#: Sections of a config that core reads.
CORE_SECTIONS = (
    "paths",
    "system",
    "variables",
    "nlp",
    "components",
    "corpora",
    "training",
    "initialize",
    "plugins",
)

Phase = Literal["load", "train", "command"]
"""What a section of a config is needed for; each includes those before it."""


@dataclass(frozen=True)
class Command:
    """A command of the command line: ``target`` is imported only when it runs.

    ``name`` may hold several words (``init config``).
    """

    name: str
    target: str
    help: str
    owner: str


class CommandTable:
    """The commands that plugins add, and the help of the groups they stand in."""

    def __init__(self) -> None:
        self.commands: dict[str, list[Command]] = {}
        self.groups: dict[str, str] = {}
        self._owner = ""

    def add(self, name: str, *, target: str, help: str) -> None:
        """Add a command.

        ``target`` is ``"module:attribute"`` of a ``click.Command``; ``help`` the line shown in the
        list of commands. Raises `PluginError` if name or target aren't well formed. Two plugins may
        add the same name: whoever runs it is told.
        """
        if not _COMMAND.fullmatch(name):
            raise PluginError(f"command '{name}': use lower-case words, joined by single spaces")
        if not _TARGET.fullmatch(target):
            raise PluginError(f"command '{name}': target '{target}' isn't 'module:attribute'")
        command = Command(name, target, help, self._owner)
        self.commands.setdefault(name, []).append(command)

    def group(self, name: str, *, help: str) -> None:
        """Say what the commands that start with ``name`` are for; the first to say it is heard."""
        self.groups.setdefault(name, help)

    def merge(self, other: CommandTable) -> None:
        """Take over what another table holds."""
        for name, commands in other.commands.items():
            self.commands.setdefault(name, []).extend(commands)
        for name, help in other.groups.items():
            self.group(name, help=help)

    def without_intruders(self, homes: Mapping[str, str]) -> list[Command]:
        """Take out what others than its owner offer under a command of core's (or of the package
        that ``homes`` says), or beside it so that it would be hidden. Returns what was taken out.
        """
        owners: dict[str, str] = {}
        for name, offers in self.commands.items():
            there = {each.owner for each in offers}
            for home in (homes.get(name, ""), "spanloom"):
                if home in there:
                    owners[name] = home
        # A command "init" would hide "init config".
        for name, owner in list(owners.items()):
            for i in range(1, len(name.split())):
                owners.setdefault(" ".join(name.split()[:i]), owner)
        out = []
        for name, offers in list(self.commands.items()):
            words = name.split()
            above = [" ".join(words[:i]) for i in range(1, len(words))]
            hidden = next((owners.get(each) for each in above if each in self.commands), None)
            rightful = owners.get(name, hidden)
            if rightful is not None:
                out += [each for each in offers if each.owner != rightful]
                offers[:] = [each for each in offers if each.owner == rightful]
            if not offers:
                del self.commands[name]
        return out

    @classmethod
    def of(cls, owner: str) -> CommandTable:
        """An empty table whose commands will belong to ``owner``."""
        table = cls()
        table._owner = owner
        return table


@dataclass(frozen=True)
class ConfigSection:
    """A top-level section of the config that a plugin owns.

    ``schema`` is ``"module:attribute"`` of a confection ``Schema``, or empty. ``defaults`` are
    filled in where the section is present; a ``required`` one is added where it is absent.
    ``beside`` holds defaults in core's sections that come along, such as a reader in ``corpora``.
    ``phase`` says what it is needed for, and so when it is checked: whenever a pipeline is built
    (``"load"``), for training (``"train"``), or only for a command of the plugin (``"command"``).
    The manager sets ``owner``.
    """

    name: str
    schema: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    phase: Phase = "train"
    owner: str = ""
    beside: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _SECTION.fullmatch(self.name):
            raise PluginError(f"config section '{self.name}': use lower-case letters, digits and _")
        if self.schema and not _TARGET.fullmatch(self.schema):
            raise PluginError(
                f"config section '{self.name}': schema '{self.schema}' isn't 'module:attribute'"
            )


@dataclass(frozen=True)
class Extension:
    """A custom attribute ``._.name`` of docs, spans or tokens (``kind``)."""

    kind: Literal["doc", "span", "token"]
    name: str
    default: Any
    doc: str
    owner: str


class ExtensionTable:
    """The custom attributes that plugins declare."""

    def __init__(self, owner: str = "") -> None:
        self.extensions: dict[tuple[str, str], Extension] = {}
        self._owner = owner

    def doc(self, name: str, *, default: Any = None, doc: str = "") -> None:
        """Declare ``doc._.name``.

        ``doc`` says what it holds. Raises `PluginError` if the name isn't an identifier or is
        declared already.
        """
        self._add(Extension("doc", name, default, doc, self._owner))

    def span(self, name: str, *, default: Any = None, doc: str = "") -> None:
        """Declare ``span._.name``; see `doc`."""
        self._add(Extension("span", name, default, doc, self._owner))

    def token(self, name: str, *, default: Any = None, doc: str = "") -> None:
        """Declare ``token._.name``; see `doc`."""
        self._add(Extension("token", name, default, doc, self._owner))

    def merge(self, other: ExtensionTable) -> None:
        """Take over what another table holds. Raises `PluginError` if two declare one name."""
        for extension in other.extensions.values():
            self._check(extension)
        self.extensions.update(other.extensions)

    def _add(self, extension: Extension) -> None:
        if not extension.name.isidentifier() or extension.name.startswith("_"):
            raise PluginError(
                f"custom attribute '{extension.name}': use a name as Python's, without leading _"
            )
        self._check(extension)
        self.extensions[extension.kind, extension.name] = extension

    def _check(self, extension: Extension) -> None:
        before = self.extensions.get((extension.kind, extension.name))
        if before is not None:
            raise PluginError(
                f"custom attribute {extension.kind}._.{extension.name} is declared by "
                f"{before.owner} and by {extension.owner}: one of them must rename it or go"
            )


@dataclass(frozen=True)
class Renamed:
    """What a name of earlier releases is called now, and the release that drops the old one."""

    name: str
    until: str = ""


@dataclass
class TrainContext:
    """What a training run works with. Observers read it; they must not replace its parts."""

    nlp: Any
    config: Mapping[str, Any]
    output: Path | None = None
    resumed: bool = False


@dataclass(frozen=True)
class DeviceRequest:
    """Where the user wants to compute: ``kind`` is ``cpu``, ``gpu`` or ``auto``."""

    kind: Literal["cpu", "gpu", "auto"] = "auto"
    gpu_id: int = 0


@dataclass(frozen=True)
class Device:
    """Where to compute: the name of thinc's ops (``numpy``, ``cupy``) and the GPU's number."""

    ops: str
    gpu_id: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """One line of a `Report`."""

    level: Literal["ok", "warning", "error"]
    message: str
    fix: str = ""
    owner: str = ""


class Report:
    """What checks found. ``findings`` are in the order they came."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.owner = ""

    def ok(self, message: str, fix: str = "") -> None:
        """Report something as it should be, and perhaps how to have more."""
        self.findings.append(Finding("ok", message, fix, self.owner))

    def warning(self, message: str, fix: str = "") -> None:
        """Report something that works but may surprise, and what to do."""
        self.findings.append(Finding("warning", message, fix, self.owner))

    def error(self, message: str, fix: str = "") -> None:
        """Report something that won't work, and what to do."""
        self.findings.append(Finding("error", message, fix, self.owner))
