"""Writing a plugin to start from: what ``spanloom plugins new`` does."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template

from spanloom.errors import PluginError
from spanloom.io.files import folder_written, write_text
from spanloom.plugins.registries import registry

__all__ = ["KINDS", "NewPlugin", "write_plugin"]

_DIST = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_CODE = re.compile(r"[a-z]{2,3}")

#: ISO 639-2 keeps it for private use.
_CODE_OF_NONE = "qaa"

_SUMMARIES = {
    "component": "A component for Spanloom that learns a class for each token",
    "architecture": "A layer for Spanloom that gives each token a vector",
    "span_getter": "Spans of paragraphs for Spanloom's transformers",
    "reader": "A reader of labelled lines for Spanloom",
    "encoder": "A shared encoder of documents for Spanloom, and its listener",
    "language": "A language for Spanloom",
    "logger": "A logger for Spanloom that writes tables",
    "tokenizer": "A tokenizer for Spanloom that goes by a pattern",
    "rule": "A component for Spanloom that finds spans by regular expressions",
}

KINDS = tuple(_SUMMARIES)
"""The kinds of plugins."""

#: What the code of a kind imports beside Spanloom.
_NEEDS = {
    "component": ("numpy>=2.0", "thinc>=8.3.14,<8.4"),
    "architecture": ("thinc>=8.3.14,<8.4",),
    "span_getter": (),
    "reader": (),
    "encoder": ("numpy>=2.0", "thinc>=8.3.14,<8.4"),
    "language": (),
    "logger": (),
    "tokenizer": (),
    "rule": (),
}

#: Template -> where it goes, in a project of the src layout.
_PLACES = {
    "__init__.py": "src/{module}/__init__.py",
    "gitignore": ".gitignore",
    "py.typed": "src/{module}/py.typed",
    "publish.yml": ".github/workflows/publish.yml",
    "sample.tsv": "tests/sample.tsv",
    "tests.yml": ".github/workflows/tests.yml",
    "test_plugin.py": "tests/test_{module}.py",
}

#: Parts of other files.
_PARTS = {"entry_points.toml", "usage.md"}


@dataclass(frozen=True)
class NewPlugin:
    """A plugin that was written: its distribution's name, and its files."""

    dist: str
    files: tuple[str, ...]


def write_plugin(folder: Path, kind: str, name: str | None = None) -> NewPlugin:
    """Write a plugin of a kind (one of `KINDS`) into a new folder.

    ``name`` is the distribution's, the folder's if left out. Raises `PluginError` if there is
    something in the folder, or if the name can't be a distribution's.
    """
    dist = (name or folder.resolve().name).lower().replace("_", "-")
    if not _DIST.fullmatch(dist) or dist.startswith("spanloom-") or dist == "spanloom":
        raise PluginError(
            f"'{dist}' can't be the name of a plugin: use lower-case letters, digits and -, "
            "beginning with a letter, and not 'spanloom-', which stands for our own (--name)"
        )
    values = _values(kind, dist)
    offered = [("factories", values["name"])]
    if kind == "language":
        offered = [("languages", values["code"])]
    taken = [f"'{name}' in {group}" for group, name in offered if registry.has(group, name)]
    if _installed(values["module"]):
        taken.append(f"the module '{values['module']}'")
    if taken:
        raise PluginError(
            f"'{dist}' would take a name that already exists, {' and '.join(taken)}: choose "
            "another (--name)"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PluginError(f"'{folder}' already exists and isn't empty: give a new folder")
    texts = _rendered(kind, dist)
    with folder_written(folder) as fresh:
        for path, text in texts.items():
            write_text(fresh / path, text)
    return NewPlugin(dist, tuple(sorted(texts)))


def _installed(module: str) -> bool:
    return module in sys.stdlib_module_names or find_spec(module) is not None


def _rendered(kind: str, dist: str) -> dict[str, str]:
    """Path in the project -> text."""
    values = _values(kind, dist)
    root = files(__package__) / "templates"
    parts = {each.name.removesuffix(".tmpl"): each for each in _templates(root / kind)}
    for part in _PARTS:
        values[part.partition(".")[0]] = _fill(parts.pop(part), values).rstrip("\n") + "\n"
    parts |= {each.name.removesuffix(".tmpl"): each for each in _templates(root / "common")}
    found = {}
    for name, template in parts.items():
        default = "src/{module}/" + name if name.endswith(".py") else name
        path = _PLACES.get(name, default).format(module=values["module"])
        found[path] = _fill(template, values)
    return found


def _values(kind: str, dist: str) -> dict[str, str]:
    from spanloom import __version__

    words = dist.split("-")
    major, minor = __version__.split(".")[:2]
    return {
        "dist": dist,
        "module": dist.replace("-", "_"),
        "name": words[-1] if words[-1].isidentifier() else words[0],
        "Class": "".join(map(str.capitalize, words)),
        "code": words[-1] if _CODE.fullmatch(words[-1]) else _CODE_OF_NONE,
        "summary": _SUMMARIES[kind],
        "needs": "".join(f'    "{each}",\n' for each in _NEEDS[kind]),
        "api": f"{major}.{minor}",
    }


def _templates(folder: Traversable) -> Iterator[Traversable]:
    return (each for each in folder.iterdir() if each.name.endswith(".tmpl"))


def _fill(template: Traversable, values: dict[str, str]) -> str:
    return Template(template.read_text("utf8")).substitute(values)
