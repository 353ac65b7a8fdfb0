"""The documentation says what the code says, and the site has all its pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from spanloom.config import default_config

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \|", re.M)


def tables() -> dict[str, dict[str, str]]:
    """The tables of docs/config.md: section -> key -> default, as written."""
    text = (DOCS / "config.md").read_text("utf-8").partition("## Every section and key")[2]
    found: dict[str, dict[str, str]] = {}
    for part in text.split("\n### ")[1:]:
        heading, _, body = part.partition("\n")
        rows = dict(ROW.findall(body))
        if rows:
            found[re.findall(r"`\[([\w.]+)\]`", heading)[0]] = rows
    return found


def plain(section: str) -> dict[str, Any]:
    """The keys of a section of the default config that are no sections themselves."""
    block: Any = default_config()
    for part in section.split("."):
        block = block[part]
    nested = {"nlp.tokenizer", "training.score_weights"}
    return {
        key: value
        for key, value in block.items()
        if not isinstance(value, dict) and f"{section}.{key}" not in nested
    }


@pytest.mark.parametrize("section", tables())
def test_defaults_of_the_guide_are_those_of_the_code(section: str) -> None:
    said = {
        key: text if text.startswith("${") else json.loads(text)
        for key, text in tables()[section].items()
    }
    assert said == plain(section)


def test_every_section_with_keys_has_a_table() -> None:
    sections = set()

    def walk(block: Any, path: str) -> None:
        if path and any(not isinstance(value, dict) for value in block.values()):
            sections.add(path)
        for key, value in block.items():
            if isinstance(value, dict):
                walk(value, f"{path}.{key}".strip("."))

    walk(default_config(), "")
    assert sections - {"corpora.dev"} == set(tables())


def test_every_page_is_in_the_navigation() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2]
    listed = set(re.findall(r"([\w/-]+\.md)", nav))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.glob("**/*.md")}
    assert listed == pages - {"reference/index.md"}
