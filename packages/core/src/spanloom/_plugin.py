"""Core's own hook module: core comes in by the same door as every plugin.

It is light: what it names is a string until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plugins.spec import hookimpl

if TYPE_CHECKING:
    from .plugins.tables import CommandTable, Report

__all__ = ["SPANLOOM_API", "check_environment", "register_commands"]

SPANLOOM_API = 1

#: Groups of commands, and what they are for.
_GROUPS = {
    "init": "Write a config to start from.",
    "benchmark": "Measure a trained pipeline.",
    "debug": "Check a config or data before training.",
    "plugins": "See what is installed and where a name comes from.",
}
#: Commands, where each is in `spanloom.cli`, and what it does.
_COMMANDS = {
    "init config": ("init:config_command", "Write a config for a language and a pipeline."),
    "init fill-config": (
        "init:fill_config_command",
        "Write down every default that a config leaves out.",
    ),
    "train": ("train:train_command", "Train a pipeline from a config."),
    "evaluate": ("evaluate:evaluate_command", "Score a trained pipeline on annotated data."),
    "apply": ("apply:apply_command", "Annotate files with a trained pipeline."),
    "benchmark speed": (
        "benchmark:speed_command",
        "Measure how many words per second a pipeline annotates.",
    ),
    "render": ("render:render_command", "Annotate text and write it as an HTML page."),
    "package": ("package:package_command", "Make a wheel of a trained pipeline."),
    "download": (
        "download:download_command",
        "Get a packaged pipeline and install it, without pip.",
    ),
    "debug config": (
        "debug:config_command",
        "Check a config, and show what differs from the defaults.",
    ),
    "debug schema": ("debug:schema_command", "Write the JSON schema of configs, for editors."),
}
#: Light commands: they run before any hook, whatever a broken plugin breaks.
_LIGHT = {
    "info": ("info:info_command", "Show what is installed, or what a saved pipeline holds."),
    "plugins list": (
        "plugins:list_command",
        "List the installed distributions and the names that they offer.",
    ),
    "plugins show": (
        "plugins:show_command",
        "Show one distribution: its names, their targets and its state.",
    ),
    "plugins why": ("plugins:why_command", "Tell where a name comes from, and who else offers it."),
}


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """Core's commands."""
    for name, purpose in _GROUPS.items():
        commands.group(name, help=purpose)
    for table, light in ((_COMMANDS, False), (_LIGHT, True)):
        for name, (target, purpose) in table.items():
            commands.add(name, target=f"spanloom.cli.{target}", help=purpose, light=light)


@hookimpl
def check_environment(report: Report) -> None:
    """Versions that go together, and devices that compute."""
    from .plugins.environment import report_environment

    report_environment(report)
