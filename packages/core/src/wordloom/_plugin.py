"""Core's own hook module: core comes in by the same door as every plugin.

It is light: what it names is a string until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plugins.spec import hookimpl

if TYPE_CHECKING:
    from .plugins.tables import CommandTable, Report

__all__ = ["WORDLOOM_API", "check_environment", "register_commands"]

WORDLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """Core's commands."""
    commands.group("init", help="Write a config to start from.")
    commands.add(
        "init config",
        target="wordloom.cli.init:config_command",
        help="Write a config for a language and a pipeline.",
    )
    commands.add(
        "init fill-config",
        target="wordloom.cli.init:fill_config_command",
        help="Write down every default that a config leaves out.",
    )
    commands.add(
        "train",
        target="wordloom.cli.train:train_command",
        help="Train a pipeline from a config.",
    )
    commands.add(
        "evaluate",
        target="wordloom.cli.evaluate:evaluate_command",
        help="Score a trained pipeline on annotated data.",
    )
    commands.add(
        "apply",
        target="wordloom.cli.apply:apply_command",
        help="Annotate files with a trained pipeline.",
    )
    commands.group("benchmark", help="Measure a trained pipeline.")
    commands.add(
        "benchmark speed",
        target="wordloom.cli.benchmark:speed_command",
        help="Measure how many words per second a pipeline annotates.",
    )
    commands.add(
        "convert",
        target="wordloom.cli.convert:convert_command",
        help="Turn annotated files into training data.",
    )
    commands.add(
        "render",
        target="wordloom.cli.render:render_command",
        help="Annotate text and write it as an HTML page.",
    )
    commands.add(
        "package",
        target="wordloom.cli.package:package_command",
        help="Make a wheel of a trained pipeline.",
    )
    commands.add(
        "download",
        target="wordloom.cli.download:download_command",
        help="Get a packaged pipeline and install it, without pip.",
    )
    commands.add(
        "info",
        target="wordloom.cli.info:info_command",
        help="Show what is installed, or what a saved pipeline holds.",
        light=True,
    )
    commands.group("debug", help="Check a config or data before training.")
    commands.add(
        "debug config",
        target="wordloom.cli.debug:config_command",
        help="Check a config, and show what differs from the defaults.",
    )
    commands.add(
        "debug data",
        target="wordloom.cli.debug:data_command",
        help="Count what is annotated in training data, and find what is wrong with it.",
    )
    commands.add(
        "debug schema",
        target="wordloom.cli.debug:schema_command",
        help="Write the JSON schema of configs, for editors.",
    )
    commands.group("plugins", help="See what is installed and where a name comes from.")
    commands.add(
        "plugins doctor",
        target="wordloom.cli.plugins_doctor:doctor_command",
        help="Find what is broken, clashing, incompatible or slow.",
        light=True,
    )
    commands.add(
        "plugins list",
        target="wordloom.cli.plugins:list_command",
        help="List the installed distributions and the names that they offer.",
        light=True,
    )
    commands.add(
        "plugins new",
        target="wordloom.cli.plugins_new:new_command",
        help="Write a plugin to start from.",
        light=True,
    )
    commands.add(
        "plugins show",
        target="wordloom.cli.plugins:show_command",
        help="Show one distribution: its names, their targets and its state.",
        light=True,
    )
    commands.add(
        "plugins why",
        target="wordloom.cli.plugins:why_command",
        help="Tell where a name comes from, and who else offers it.",
        light=True,
    )


@hookimpl
def check_environment(report: Report) -> None:
    """Versions that go together, and devices that compute."""
    from .plugins.environment import report_environment

    report_environment(report)
