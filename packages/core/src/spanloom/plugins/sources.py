"""The files of what entry points name, found and read without importing anything."""

from __future__ import annotations

import re
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

from . import spec
from .index import Entry

__all__ = ["HOOKS", "hooks_named", "source_file"]

HOOKS = frozenset(name for name, each in vars(spec).items() if hasattr(each, "spanloom_spec"))
"""The names of all hooks."""

#: What may define names that the source doesn't show.
_HIDDEN = re.compile(r"import \*|\b(exec|eval|globals|locals|vars|setattr|modules|__dir__)\b")


def source_file(entry: Entry) -> Path | None:
    """The file that holds an entry's target, found without importing it; None if it isn't found."""
    top, *rest = entry.module.split(".")
    try:
        found = find_spec(top)
        for part in rest:
            folders = (found and found.submodule_search_locations) or ()
            found = PathFinder.find_spec(part, folders)
    except (ImportError, ValueError):
        return None
    return Path(found.origin) if found and found.origin else None


def hooks_named(entry: Entry) -> frozenset[str]:
    """The hooks that a hook module can have: those that its source names; all, where that can't be
    told."""
    path = source_file(entry)
    try:
        text = path.read_text("utf-8") if path and not entry.attribute else ""
    except (OSError, ValueError):
        text = ""
    if "hookimpl" not in text or _HIDDEN.search(text):
        return HOOKS
    return HOOKS & {*re.findall(r"\w+", text)}
