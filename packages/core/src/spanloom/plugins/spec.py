"""The hooks: the moments at which Spanloom asks every plugin whether it has something to do or say.

A plugin's hook module defines functions of these names, marked with `hookimpl`, and states
``SPANLOOM_API = 1``. It takes those arguments that it wants, by name. Core is asked first, then the
others by name of distribution. The module is imported when a hook that its source names is first
asked. New arguments may come at any time; taking one away needs a new `API`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .tables import (
        CommandTable,
        ConfigSection,
        Device,
        DeviceRequest,
        ExtensionTable,
        Renamed,
        Report,
        TrainContext,
    )

__all__ = ["API", "hookimpl", "hookspec"]

API = 1
"""Version of the hooks below. A plugin states the one it was written for as ``SPANLOOM_API``."""

hookspec = pluggy.HookspecMarker("spanloom")
hookimpl = pluggy.HookimplMarker("spanloom")
"""Marks a plugin's implementation of a hook."""

# Declarations. Asked once per process and plugin, when its module is imported. They are pure: no
# imports beyond the light module, no files. One that raises disables its plugin; that is recorded.


@hookspec
def register_commands(commands: CommandTable) -> None:
    """Add commands to the command line: ``commands.add("vectors convert", target=..., help=...)``.

    A target is a string, ``"module:attribute"`` of a ``click.Command``, imported when it runs.
    """


@hookspec
def config_sections() -> list[ConfigSection]:  # type: ignore[empty-body]
    """Name the top-level config sections that the plugin owns.

    A section that nobody owns is reported as a mistake when a config is checked; one that two
    plugins own disables the second, by name of distribution.
    """


@hookspec
def declare_extensions(declare: ExtensionTable) -> None:
    """Declare custom attributes: ``declare.doc("trf_data", doc="...")``.

    One that two plugins declare disables the second, by name of distribution; the record names
    both.
    """


@hookspec
def legacy_names() -> dict[tuple[str, str], Renamed]:  # type: ignore[empty-body]
    """Tell what became of earlier names: ``{("architectures", "x.Old.v1"): Renamed("x.New.v1")}``.

    The old names remain entry points until they are dropped.
    """


# Observers. They must not replace objects. One that raises is recorded and warned about once, and
# the run goes on; with SPANLOOM_STRICT_PLUGINS=1 (or --strict-plugins) it stops the run.


@hookspec
def pipeline_created(nlp: Any) -> None:
    """See a pipeline that was just assembled, before it is initialized. Once per pipeline."""


@hookspec
def before_train(ctx: TrainContext) -> None:
    """See a training run before its first step. Once per run."""


@hookspec
def after_step(ctx: TrainContext, step: Any) -> None:
    """See the result of a step. At most once per step of the optimizer, never per doc."""


@hookspec
def after_train(ctx: TrainContext, error: BaseException | None) -> None:
    """See the end of a run; ``error`` is what stopped it, or None. Once per run."""


# Saving and loading. One that raises stops the operation: losing data silently would be worse.


@hookspec
def before_save(nlp: Any, path: Path, manifest: dict[str, Any]) -> None:
    """Add what the plugin must know later to ``manifest[<distribution>]``. Once per save."""


@hookspec
def after_load(nlp: Any, path: Path, manifest: Mapping[str, Any]) -> None:
    """See a pipeline that was just loaded, with what was saved beside it. Once per load."""


# First answer wins: plugins are asked in order until one answers other than None. One that raises
# is recorded, and the next is asked.


@hookspec(firstresult=True)
def select_device(request: DeviceRequest) -> Device | None:
    """Choose where to compute. Once per process that asks for a device."""


@hookspec(firstresult=True)
def open_resource(uri: str, kind: str) -> Path | None:
    """Turn a reference such as ``vectors://name`` into a local path.

    Only asked on an explicit action of the user; nothing is fetched behind their back.
    """


# Diagnostics. One that raises becomes a finding itself.


@hookspec
def check_environment(report: Report) -> None:
    """Report optional packages, versions and hardware. May import heavily; only when asked for."""


@hookspec
def check_config(config: Mapping[str, Any], report: Report) -> None:
    """Report what is wrong with a config in the parts that the plugin knows. Once per check."""
