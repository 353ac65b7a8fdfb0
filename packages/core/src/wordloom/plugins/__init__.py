"""The doors through which plugins come in: names (registries) and moments (hooks).

See ``docs/plugins.md``. Nothing here imports thinc, NumPy or any plugin.
"""

from __future__ import annotations

from .index import Entry, Index, current, refresh

__all__ = ["Entry", "Index", "current", "refresh"]
