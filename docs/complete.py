"""A hook of mkdocs: the built reference shows every public member of every public class."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

sys.path.insert(0, str(Path(__file__).parent))
from api import classes, homes, load_packages

__all__ = ["on_post_build"]

_ID = re.compile(r'\bid="([^"]+)"')


def on_post_build(*, config: Any, **kwargs: Any) -> None:
    """Compare the ids on the pages with the members in the source."""
    code = load_packages()
    home = homes(code)
    ids: dict[str, set[str]] = {}
    missing = []
    for found in classes(code):
        page = home[found.path]
        if page not in ids:
            path = Path(config["site_dir"]) / "reference" / "api" / f"{page}.html"
            ids[page] = set(_ID.findall(path.read_text("utf-8")))
        missing += [
            f"{found.path}.{name}"
            for name in found.all_members
            if not name.startswith("_") and f"{found.path}.{name}" not in ids[page]
        ]
    if missing:
        raise PluginError(f"the reference lacks {len(missing)} members: {', '.join(missing[:20])}")
