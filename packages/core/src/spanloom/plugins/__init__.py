"""The doors through which plugins come in: names (registries) and moments (hooks).

See ``docs/plugins.md``. Nothing here imports thinc, NumPy or any plugin; each public name is loaded
when it is first used.
"""

from __future__ import annotations

from ..io.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "code": ["import_code"],
        "hooks": ["Manager", "manager"],
        "index": ["Entry", "Index", "current", "refresh"],
        "spec": ["API", "hookimpl"],
        "tables": [
            "Command",
            "CommandTable",
            "ConfigSection",
            "Device",
            "DeviceRequest",
            "Extension",
            "ExtensionTable",
            "Finding",
            "Renamed",
            "Report",
            "TrainContext",
        ],
    },
)
