"""Hooks of spanloom-devkit. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable, Report

__all__ = ["SPANLOOM_API", "check_environment", "register_commands"]

SPANLOOM_API = 1

#: Commands, where each is in `spanloom_devkit.cli`, and what it does.
_COMMANDS = {
    "benchmark speed": (
        "benchmark:speed_command",
        "Measure how many words per second a pipeline annotates.",
    ),
    "debug config": (
        "debug:config_command",
        "Check a config, and show what differs from the defaults.",
    ),
    "debug schema": ("schema:schema_command", "Write the JSON schema of configs, for editors."),
    "plugins doctor": (
        "doctor:doctor_command",
        "Find what is broken, clashing, incompatible or slow.",
    ),
    "plugins environment": (
        "environment:environment_command",
        "Show what a report of a fault should say.",
    ),
    "plugins list": (
        "plugins:list_command",
        "List the installed distributions and the names that they offer.",
    ),
    "plugins new": ("new:new_command", "Write a plugin to start from."),
    "plugins show": (
        "plugins:show_command",
        "Show one distribution: its names, their targets and its state.",
    ),
    "plugins why": ("plugins:why_command", "Show where a name comes from, and who else offers it."),
}


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands for authors of plugins, and for those who look for what is wrong."""
    commands.group("benchmark", help="Measure a trained pipeline.")
    commands.group("debug", help="Check a config or data before training.")
    commands.group("plugins", help="Show installed plugins and where names come from.")
    for name, (target, purpose) in _COMMANDS.items():
        commands.add(name, target=f"spanloom_devkit.cli.{target}", help=purpose)


@hookimpl
def check_environment(report: Report) -> None:
    """Versions that go together, and devices that compute."""
    from .environment import report_environment

    report_environment(report)
