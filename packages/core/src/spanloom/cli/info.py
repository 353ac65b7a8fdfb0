"""``spanloom info``: what is installed, what a saved pipeline holds, and its graph."""

from __future__ import annotations

import json
import platform
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from ..errors import MissingFileError
from ..io.files import existing, read_json

__all__ = ["info_command"]

_PACKAGES = ("spanloom", "thinc", "confection", "catalogue", "pluggy", "numpy", "torch", "cupy")


@click.command("info")
@click.argument("model", required=False, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@click.option(
    "--graph",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Show what each component listens to, sets and needs; or draw it (.svg, .dot, .txt).",
)
def info_command(model: str | None, as_json: bool, graph: str | None) -> None:
    """Show the versions of what is installed, or what the saved pipeline MODEL says of itself.

    MODEL is a folder, or the name of an installed pipeline package. Nothing is loaded; --json has
    what each package supplies, and other long lists, in full. With --graph, which must come after
    MODEL, MODEL may also be a config; its pipeline is then built, without weights.
    """
    if graph is not None:
        _show_graph(model, graph, as_json)
        return
    found = _installed() if model is None else _saved(model)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if suppliers := found.get("suppliers"):
        # Who, and how many names: which ones is in the JSON.
        counts = Counter(suppliers.values())
        found["suppliers"] = [f"{who} ({number})" for who, number in counts.most_common()]
    width = max(map(len, found))
    for key, value in found.items():
        click.echo(f"{key:<{width}}  {_text(value)}")


def _show_graph(model: str | None, target: str, as_json: bool) -> None:
    from ..config import load_config
    from ..pipeline import Pipeline
    from ..pipeline.graph import analyze
    from ..pipeline.graph_table import table
    from ..plugins.registries import registry

    if model is None:
        raise click.UsageError("--graph needs a pipeline: spanloom info MODEL --graph")
    path = _folder(model)
    if model != "-" and not path.exists():
        raise MissingFileError(f"There is no saved pipeline, and no config, at '{model}'.")
    nlp = Pipeline.from_config(load_config(path))
    if as_json:
        click.echo(json.dumps(analyze(nlp), indent=2, ensure_ascii=False))
    elif target == "-":
        click.echo(table(nlp))
    else:
        registry.renderers.get("graph")(nlp, target)
        click.echo(f"Wrote '{target}'.")


def _installed() -> dict[str, Any]:
    found: dict[str, Any] = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _folder(model: str) -> Path:
    """The folder of a saved pipeline: itself, or that of an installed package."""
    path = Path(model)
    if path.exists():
        return path
    from ..plugins.installed import find

    found = find(model)
    return path if found is None else found.folder


def _size(folder: Path) -> str:
    """What a pipeline's weights and tables take, on disk and about as much in memory."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{size / 2**20:.1f} MiB on disk, and about as much in memory"


def _saved(model: str) -> dict[str, Any]:
    from ..plugins.registries import registry

    folder = _folder(model)
    if not folder.exists() and (foreign := registry.foreign_pipeline(model)) is not None:
        nlp = foreign.config["nlp"]
        return {**foreign.meta, "lang": nlp["lang"], "pipeline": nlp["pipeline"]}
    meta = read_json(existing(folder, "saved pipeline") / "meta.json", "meta.json of a pipeline")
    return {**meta, "size": _size(folder)}


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
