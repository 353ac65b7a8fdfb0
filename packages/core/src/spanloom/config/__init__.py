"""Configs: read, check strictly, fill, resolve.

The order is always the same. :func:`load_config` reads a file and remembers the line of each
section and key. :func:`check_config` reports everything that is wrong, in one error, before
anything is filled in. :func:`fill_config` writes down every default. :func:`resolve` turns a
section into objects. The names are imported on first use, so that importing this package costs
nothing.
"""

from __future__ import annotations

from ..io.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "check": ["check_config", "find_problems"],
        "fill": ["fill_block", "fill_config"],
        "loading": ["load_config", "parse_config"],
        "overrides": ["parse_overrides"],
        "resolve": ["resolve_block", "resolve_section"],
        "sections": ["default_config"],
        "source": ["Config"],
        "templates": ["init_config"],
    },
)
