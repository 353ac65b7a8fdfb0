"""The hook module: light, so that listing plugins imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom import Pipeline
    from spanloom.plugins import CommandTable, Report

__all__ = ["SPANLOOM_API", "before_save", "check_environment", "register_commands"]

SPANLOOM_API = 1


@hookimpl
def before_save(nlp: Pipeline) -> None:
    """The config says what transformers were made of, also those inside another component."""
    from .base import note_bases

    note_bases(nlp)


@hookimpl
def check_environment(report: Report) -> None:
    """Versions of torch and transformers, and a computation on each device that torch sees."""
    from .devices import report_devices

    report_devices(report)


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands over transformers."""
    commands.group("transformers", help="Work with pipelines that have a transformer.")
    commands.add(
        "transformers export",
        target="spanloom_transformers.cli.export:export_command",
        help="Write a pipeline that runs without torch, in ONNX Runtime.",
    )
