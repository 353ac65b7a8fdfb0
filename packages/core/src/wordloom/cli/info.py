"""``wordloom info``: what is installed, or what a saved pipeline holds."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from ..errors import MissingFileError, SerializationError

__all__ = ["info_command"]

_PACKAGES = ("wordloom", "thinc", "confection", "catalogue", "pluggy", "numpy", "torch", "cupy")


@click.command("info")
@click.argument("model", required=False, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def info_command(model: str | None, as_json: bool) -> None:
    """Show the versions of what is installed, or what the saved pipeline MODEL says of itself.

    Nothing is loaded.
    """
    found = _installed() if model is None else _saved(Path(model))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    width = max(map(len, found))
    for key, value in found.items():
        click.echo(f"{key:<{width}}  {_text(value)}")


def _installed() -> dict[str, Any]:
    found: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _saved(folder: Path) -> dict[str, Any]:
    path = folder / "meta.json"
    if not path.is_file():
        raise MissingFileError(f"There is no saved pipeline at '{folder}': '{path}' isn't there.")
    try:
        meta: dict[str, Any] = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise SerializationError(f"'{path}' isn't JSON: {error}") from None
    return meta


def _text(value: Any) -> str:
    """A value in one line: numbers as percentages where they are scores, long lists counted."""
    if isinstance(value, dict):
        parts = []
        for key, each in value.items():
            if isinstance(each, float) and 0.0 <= each <= 1.0:
                parts.append(f"{key} {100 * each:.2f}")
            elif isinstance(each, list):
                parts.append(f"{key} ({len(each)})")
            elif isinstance(each, str | int):
                parts.append(f"{key} {each}")
        return ", ".join(parts) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)
