# Made by tools/make_stubs.py from the table in __init__.py.

from .code import import_code as import_code
from .hooks import Manager as Manager, manager as manager
from .index import Entry as Entry, Index as Index, current as current, refresh as refresh
from .spec import API as API, hookimpl as hookimpl
from .tables import (
    Command as Command,
    CommandTable as CommandTable,
    ConfigSection as ConfigSection,
    Device as Device,
    DeviceRequest as DeviceRequest,
    Extension as Extension,
    ExtensionTable as ExtensionTable,
    Finding as Finding,
    Renamed as Renamed,
    Report as Report,
    TrainContext as TrainContext,
)

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
