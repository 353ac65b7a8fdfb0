"""The doors through which plugins come in: names (registries) and moments (hooks).

See ``docs/plugins.md``. Nothing here imports thinc, NumPy or any plugin; each public name is loaded
when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .code import import_code
    from .failures import Failure
    from .hooks import Manager, manager
    from .index import Entry, Index, current, refresh
    from .spec import API, hookimpl
    from .tables import (
        Command,
        CommandTable,
        ConfigSection,
        Device,
        DeviceRequest,
        Extension,
        ExtensionTable,
        Finding,
        Renamed,
        Report,
        TrainContext,
    )

_HOMES = {
    "API": "spec",
    "Command": "tables",
    "CommandTable": "tables",
    "ConfigSection": "tables",
    "Device": "tables",
    "DeviceRequest": "tables",
    "Entry": "index",
    "Extension": "tables",
    "ExtensionTable": "tables",
    "Failure": "failures",
    "Finding": "tables",
    "Index": "index",
    "Manager": "hooks",
    "Renamed": "tables",
    "Report": "tables",
    "TrainContext": "tables",
    "current": "index",
    "hookimpl": "spec",
    "import_code": "code",
    "manager": "hooks",
    "refresh": "index",
}

__all__ = [
    "API",
    "Command",
    "CommandTable",
    "ConfigSection",
    "Device",
    "DeviceRequest",
    "Entry",
    "Extension",
    "ExtensionTable",
    "Failure",
    "Finding",
    "Index",
    "Manager",
    "Renamed",
    "Report",
    "TrainContext",
    "current",
    "hookimpl",
    "import_code",
    "manager",
    "refresh",
]


__getattr__ = lazy_names(__name__, _HOMES)
