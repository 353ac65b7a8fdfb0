"""The texts that describe a packaged pipeline: core metadata, a README, a pyproject."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["metadata_text", "project_text"]

#: Key in ``meta.json`` -> field of the core metadata.
_FIELDS = {
    "description": "Summary",
    "author": "Author",
    "email": "Author-email",
    "license": "License",
    "url": "Home-page",
}


def metadata_text(meta: Mapping[str, Any], requires: Iterable[str], readme: str | None) -> str:
    """The file METADATA (PKG-INFO of a source distribution), with the README as its body."""
    lines = ["Metadata-Version: 2.1", f"Name: {meta['name']}", f"Version: {meta['version']}"]
    for key, field in _FIELDS.items():
        if value := one_line(meta.get(key)):
            lines.append(f"{field}: {value}")
    lines += [f"Keywords: spanloom,pipeline,{meta.get('lang', 'xx')}", "Requires-Python: >=3.11"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    lines.append("Description-Content-Type: text/markdown")
    return "\n".join(lines) + "\n\n" + (readme_text(meta) if readme is None else readme)


def project_text(meta: Mapping[str, Any], requires: Iterable[str]) -> str:
    """A pyproject.toml from which hatchling builds the same wheel."""
    name = meta["name"]
    # A JSON string or list of strings is TOML as well.
    description = json.dumps(one_line(meta.get("description")) or f"{name}: a pipeline")
    return f"""[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{meta["version"]}"
description = {description}
readme = "README.md"
requires-python = ">=3.11"
dependencies = {json.dumps(list(requires))}

[project.entry-points.spanloom_models]
{name} = "{name}"

[tool.hatch.build.targets.wheel]
packages = ["{name}"]
"""


def readme_text(meta: Mapping[str, Any]) -> str:
    """What the pipeline says of itself, where it has no README: components, labels, scores."""
    name = meta["name"]
    lines = [
        f"# {name}",
        "",
        one_line(meta.get("description")) or "A trained pipeline for Spanloom.",
        "",
        "```python",
        "import spanloom",
        "",
        f'nlp = spanloom.load("{name}")',
        "```",
        "",
        "| | |",
        "|---|---|",
        f"| Language | {_cell(meta.get('lang'))} |",
        f"| Components | {', '.join(meta.get('pipeline', ())) or '-'} |",
    ]
    for component, labels in meta.get("labels", {}).items():
        lines.append(f"| Labels of {component} | {_cell(', '.join(map(str, labels)))} |")
    for score, value in (meta.get("performance") or {}).items():
        if isinstance(value, float):
            lines.append(f"| {score} | {100 * value:.2f} |")
    return "\n".join(lines) + "\n"


def one_line(value: Any) -> str:
    """A value as text in one line, so that it can't begin a field of its own."""
    return " ".join(str(value).split()) if value else ""


def _cell(value: Any) -> str:
    return one_line(value).replace("|", "\\|")
