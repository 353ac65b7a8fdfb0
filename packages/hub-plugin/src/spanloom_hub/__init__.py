"""Packaged pipelines of others: fetched, checked, installed without pip, and without running code.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "archive": ["Archive"],
        "fetching": ["Source", "fetched"],
        "installing": ["install", "is_ours", "unmet"],
    },
    "__version__",
)
