"""Configs: read, check strictly, fill, resolve.

The order is always the same. :func:`load_config` reads a file and remembers the line of each
section and key. :func:`check_config` reports everything that is wrong, in one error, before
anything is filled in. :func:`fill_config` writes down every default. :func:`resolve` turns a
section into objects. The names are imported on first use, so that importing this package costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .check import check_config, find_problems
    from .fill import fill_block, fill_config
    from .resolve import resolve_block, resolve_section
    from .sections import default_config
    from .source import Config, load_config, parse_config, parse_overrides
    from .templates import init_config

__all__ = [
    "Config",
    "check_config",
    "default_config",
    "fill_block",
    "fill_config",
    "find_problems",
    "init_config",
    "load_config",
    "parse_config",
    "parse_overrides",
    "resolve_block",
    "resolve_section",
]

_HOMES = {
    "Config": "source",
    "check_config": "check",
    "default_config": "sections",
    "fill_block": "fill",
    "fill_config": "fill",
    "find_problems": "check",
    "init_config": "templates",
    "load_config": "source",
    "parse_config": "source",
    "parse_overrides": "source",
    "resolve_block": "resolve",
    "resolve_section": "resolve",
}


__getattr__ = lazy_names(__name__, _HOMES)
