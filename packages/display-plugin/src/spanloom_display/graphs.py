"""The graph of a pipeline as text of Graphviz, and as a picture in SVG."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from spanloom.errors import PipelineError
from spanloom.io.files import write_text
from spanloom.pipeline.graph import Node, nodes_of
from spanloom.pipeline.graph_table import cell, table

from .markup import element

if TYPE_CHECKING:
    from spanloom.pipeline.pipeline import Pipeline

__all__ = ["dot", "save_graph", "svg"]

_ROW, _BOX, _TOP = 56, 36, 20  # px: from one component to the next, height of a box, margin
_LETTER = 8.2  # px: width of a letter at 14 px, generous


def dot(nlp: Pipeline) -> str:
    """The graph in the language of Graphviz: full arrows from a shared encoder to those who listen
    to it, dotted ones for the order."""
    nodes = nodes_of(nlp)
    lines = ["digraph pipeline {", "  rankdir=TB;", '  node [shape=box, fontname="sans-serif"];']
    for node in nodes:
        dashed = "" if node.enabled and not node.idle else ", style=dashed"
        lines.append(f"  {_quoted(node.name)} [label={_quoted(_label(node))}{dashed}];")
    for before, after in zip(nodes, nodes[1:]):
        if before.name not in after.producers:
            lines.append(f"  {_quoted(before.name)} -> {_quoted(after.name)} [style=dotted];")
    lines += [
        f"  {_quoted(producer)} -> {_quoted(node.name)};"
        for node in nodes
        for producer in node.producers
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _label(node: Node) -> str:
    kind = node.factory if node.factory != node.name else ""
    about = ", ".join(each for each in (kind, cell(node.width)) if each)
    return f"{node.name} ({about})" if about else node.name


def svg(nlp: Pipeline) -> str:
    """A picture: the components from top to bottom in the order in which they run, and an arc from
    each shared encoder to each that listens to it."""
    nodes = nodes_of(nlp)
    rows = {node.name: number for number, node in enumerate(nodes)}
    box = max((len(_label(node)) for node in nodes), default=0) * _LETTER + 24
    parts = []
    for number, node in enumerate(nodes):
        y = _TOP + number * _ROW
        dashes = None if node.enabled and not node.idle else "4 3"
        fill = "#dbeafe" if node.consumers else "#f3f4f6"
        look = {"fill": fill, "stroke": "#475569", "stroke_dasharray": dashes}
        parts.append(element("rect", x=_TOP, y=y, width=box, height=_BOX, rx=6, **look))
        parts.append(element("text", _label(node), x=_TOP + 12, y=y + 23, fill="#0f172a"))
        if number:
            line = {"x1": _TOP + 16, "x2": _TOP + 16, "y1": y - _ROW + _BOX, "y2": y}
            parts.append(element("line", **line, stroke="#94a3b8"))
    right, reach = _TOP + box, 0
    for node in nodes:
        for producer in node.producers:
            start, end = (_TOP + rows[name] * _ROW + _BOX / 2 for name in (producer, node.name))
            bulge = 24 + 14 * (rows[node.name] - rows[producer])
            reach = max(reach, bulge)
            path = (
                f"M{right} {start}C{right + bulge} {start} {right + bulge} {end} {right + 6} {end}"
            )
            tip = f"M{right + 8} {end - 4}L{right} {end}L{right + 8} {end + 4}Z"
            parts.append(element("path", d=path, fill="none", stroke="#2563eb"))
            parts.append(element("path", d=tip, fill="#2563eb"))
    width, height = right + reach + _TOP, 2 * _TOP + len(nodes) * _ROW - (_ROW - _BOX)
    picture = element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        font_family="sans-serif",
        font_size=14,
    )
    return f"{picture}\n"


def save_graph(nlp: Pipeline, path: str | Path) -> None:
    """Write the graph to a file: ``.svg``, ``.dot`` or ``.gv``, or ``.txt`` for the table. Raises
    :class:`PipelineError` for other names."""
    path = Path(path)
    if path.suffix == ".svg":
        write_text(path, svg(nlp))
    elif path.suffix in (".dot", ".gv"):
        write_text(path, dot(nlp))
    elif path.suffix == ".txt":
        write_text(path, table(nlp) + "\n")
    else:
        raise PipelineError(f"'{path}': the graph is written as .svg, .dot or .txt")
