"""The graph of a pipeline as a table for terminals."""

from __future__ import annotations

from collections.abc import Collection
from io import StringIO
from typing import TYPE_CHECKING

from .graph import KEYS, analyze, nodes_of

if TYPE_CHECKING:
    from .state import PipelineState

__all__ = ["cell", "table"]

_TITLES = {"producers": "listens to", "consumers": "feeds"}
_WIDE = 200  # columns; a narrower terminal folds cells


def table(nlp: PipelineState, keys: Collection[str] = KEYS) -> str:
    """A row for each component in the order in which they run, then what they require and nobody
    sets, if there is any."""
    from rich.console import Console
    from rich.table import Table

    found = analyze(nlp, keys)
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("#", "component", "factory", "width", *(_TITLES.get(key, key) for key in keys)):
        grid.add_column(title, overflow="fold")
    for number, node in enumerate(nodes_of(nlp)):
        state = "" if node.enabled else " (disabled)"
        state = " (idle)" if node.idle else state
        cells = [cell(getattr(node, key)) for key in keys]
        grid.add_row(str(number), node.name + state, node.factory, cell(node.width), *cells)
    text = StringIO()
    Console(file=text, width=_WIDE, highlight=False, markup=False).print(grid)
    lines = [line.rstrip() for line in text.getvalue().splitlines()]
    for name, missing in found["problems"].items():
        if missing:
            lines.append(f"'{name}' requires {', '.join(missing)}, which nothing before it sets.")
    return "\n".join(lines)


def cell(value: object) -> str:
    """A value as a cell shows it."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
