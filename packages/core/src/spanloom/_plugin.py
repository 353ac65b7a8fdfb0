"""Core's own hook module: core comes in by the same door as every plugin.

It is light: what it names is a string until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plugins.spec import hookimpl

if TYPE_CHECKING:
    from .plugins.tables import CommandTable

__all__ = ["SPANLOOM_API", "register_commands"]

SPANLOOM_API = 1

#: Groups of commands, and what they are for.
_GROUPS = {"init": "Write a config to start from."}
#: Commands, where each is in `spanloom.cli`, and what it does.
_COMMANDS = {
    "init config": ("init:config_command", "Write a config for a language and a pipeline."),
    "init fill-config": (
        "init:fill_config_command",
        "Write down every default that a config leaves out.",
    ),
    "train": ("train:train_command", "Train a pipeline from a config."),
    "evaluate": ("evaluate:evaluate_command", "Score a trained pipeline on annotated data."),
    "info": ("info:info_command", "Show what is installed, or what a saved pipeline holds."),
}


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """Core's commands."""
    for name, purpose in _GROUPS.items():
        commands.group(name, help=purpose)
    for name, (target, purpose) in _COMMANDS.items():
        commands.add(name, target=f"spanloom.cli.{target}", help=purpose)
