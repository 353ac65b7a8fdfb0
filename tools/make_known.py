"""Make core's table of what our other packages offer, from their metadata and hook modules.

    python tools/make_known.py           # write it
    python tools/make_known.py --check   # exit 1 if it isn't as it should be

The packages must be installed, since their hook modules are asked for commands and sections.
"""

from __future__ import annotations

import json
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from spanloom.plugins.tables import CommandTable

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "packages" / "core" / "src" / "spanloom" / "plugins" / "known.json"
PREFIX = "spanloom_"
#: Thinc's own registries keep its groups.
THINC = "thinc_"


def known() -> dict[str, dict[str, str]]:
    """Registry (or ``commands``, ``sections``) -> name -> distribution."""
    found: dict[str, dict[str, str]] = {"commands": {}, "sections": {}}
    for path in sorted(ROOT.glob("packages/*-plugin/pyproject.toml")):
        project = tomllib.loads(path.read_text("utf-8"))["project"]
        dist, points = project["name"], project.get("entry-points", {})
        for group, names in points.items():
            if group.startswith((PREFIX, THINC)) and group != f"{PREFIX}plugins":
                registry = group.removeprefix(PREFIX).removeprefix(THINC)
                found.setdefault(registry, {}).update(dict.fromkeys(names, dist))
        for module in points.get(f"{PREFIX}plugins", {}).values():
            hooks = import_module(module)
            commands = CommandTable.of(dist)
            getattr(hooks, "register_commands", lambda commands: None)(commands)
            found["commands"].update(dict.fromkeys(commands.commands, dist))
            sections = getattr(hooks, "config_sections", list)()
            found["sections"].update({each.name: dist for each in sections})
    return {kind: dict(sorted(names.items())) for kind, names in sorted(found.items())}


def main() -> int:
    """Write or check the table."""
    text = json.dumps(known(), indent=1) + "\n"
    if "--check" in sys.argv[1:]:
        if TARGET.read_text("utf-8") != text:
            print(f"{TARGET.relative_to(ROOT)} isn't what the packages offer: run nox -s known")
            return 1
        return 0
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
