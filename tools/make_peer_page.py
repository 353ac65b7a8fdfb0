"""Make docs/peer.md, what spaCy's own tests say of ours, from tests/peer/differences.toml.

python tools/make_peer_page.py           # write it
python tools/make_peer_page.py --check   # exit 1 if it isn't as it should be
"""

from __future__ import annotations

import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "peer" / "differences.toml"
PAGE = ROOT / "docs" / "peer.md"
KINDS = {
    "not there yet": "Components, languages and functions that we don't have yet",
    "difference": "What we do otherwise on purpose",
    "gap": "What should be as in spaCy and isn't yet",
    "private": "Inner parts of spaCy, which are no part of its surface",
    "peer": "Tests that say nothing here, or are wrong",
}
INTRODUCTION = """# spaCy's own tests

spaCy ships its tests in its wheel. `nox -s peer` runs those of `doc`, `matcher`, `tokenizer`,
`serialize`, `pipeline`, `training`, `parser` and `test_language.py` on Spanloom: a shim lets
spaCy's names mean ours, and nothing of spaCy's code is used. A test that fails has to stand in
[differences.toml](../tests/peer/differences.toml) with the reason, and one that stands there has to
fail, so this page stays true. When the list was last made, with spaCy {version}, {run} tests were
run: {passed} pass, {differing} differ. A line of the list is a test, all of its parameters, or a
file.
"""


def page() -> str:
    """The text of the page."""
    data = tomllib.loads(LIST.read_text("utf-8"))
    groups = defaultdict(list)
    for group in data["difference"]:
        groups[group["kind"]].append(group)
    differing = data["run"] - data["passed"]
    lines = [
        "<!-- Made by tools/make_peer_page.py from tests/peer/differences.toml. -->",
        INTRODUCTION.format(differing=differing, **data),
    ]
    for kind, title in KINDS.items():
        members = groups.pop(kind, [])
        if members:
            lines += [f"## {title}", "", "| lines | why |", "|---|---|"]
            members.sort(key=lambda group: -len(group["tests"]))
            lines += [f"| {len(group['tests'])} | {group['why']} |" for group in members]
            lines.append("")
    if groups:
        raise SystemExit(f"{LIST.name}: no such kind: {', '.join(groups)}")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    elif not PAGE.is_file() or PAGE.read_text("utf-8") != page():
        sys.exit(f"{PAGE.name} isn't what the list says: python tools/{Path(__file__).name}")
