# Made by tools/make_stubs.py from the table in __init__.py.

from .code import import_code as import_code
from .hooks import Manager as Manager
from .hooks import manager as manager
from .index import Entry as Entry
from .index import Index as Index
from .index import current as current
from .index import refresh as refresh
from .spec import API as API
from .spec import hookimpl as hookimpl
from .tables import Command as Command
from .tables import CommandTable as CommandTable
from .tables import ConfigSection as ConfigSection
from .tables import Device as Device
from .tables import DeviceRequest as DeviceRequest
from .tables import Extension as Extension
from .tables import ExtensionTable as ExtensionTable
from .tables import Finding as Finding
from .tables import Renamed as Renamed
from .tables import Report as Report
from .tables import TrainContext as TrainContext

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
