"""Style ``dep``: a sentence's dependency tree as arcs over its words, drawn in SVG."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .markup import Markup, direction, element, sentences, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanloom.tokens import Doc, Span

__all__ = ["Arc", "arc_levels", "dependency_trees"]

_CHARACTER = 8.8  # width of a letter at 16 px, on average; generous, so that words never touch
_SMALL = 6.6  # of a letter of a label at 11 px
_GAP = 18.0  # least distance between two words
_STEP = 26.0  # height of one level of arcs
_CORNER = 7.0


@dataclass(frozen=True)
class Arc:
    """An arc from ``head`` to ``child``, both counted from the sentence's first token."""

    head: int
    child: int
    label: str

    @property
    def ends(self) -> tuple[int, int]:
        """Its left and right end, in reading order."""
        return min(self.head, self.child), max(self.head, self.child)


def arc_levels(arcs: Sequence[Arc]) -> list[int]:
    """The height of each arc, from 1: short arcs low, and arcs that cover a common stretch on
    different heights, so that no two horizontal parts touch."""
    order = sorted(
        range(len(arcs)), key=lambda i: (arcs[i].ends[1] - arcs[i].ends[0], arcs[i].ends)
    )
    placed = [0] * len(arcs)
    below: list[int] = []  # highest level over each gap between two words so far
    for index in order:
        left, right = arcs[index].ends
        below.extend([0] * (right - len(below)))
        level = 1 + max(below[left:right])
        placed[index] = level
        below[left:right] = [level] * (right - left)
    return placed


def _width(text: str, letter: float) -> float:
    """About how wide ``text`` is drawn: East Asian wide letters take two, combining marks none."""
    wide = sum(
        0.0
        if unicodedata.combining(char)
        else 1.9
        if unicodedata.east_asian_width(char) in "WF"
        else 1.0
        for char in text
    )
    return wide * letter


def _centres(
    words: Sequence[str], tags: Sequence[str], arcs: Sequence[Arc]
) -> tuple[list[float], float]:
    """The middle of each word, and the width of the whole. Words stand as close as the labels of
    the arcs over them allow."""
    widths = [max(_width(w, _CHARACTER), _width(t, _SMALL)) for w, t in zip(words, tags)]
    x = [widths[0] / 2 + _GAP]
    by_right: dict[int, list[Arc]] = {}
    for arc in arcs:
        by_right.setdefault(arc.ends[1], []).append(arc)
    for i in range(1, len(words)):
        centre = x[-1] + widths[i - 1] / 2 + _GAP + widths[i] / 2
        for arc in by_right.get(i, []):
            centre = max(centre, x[arc.ends[0]] + _width(arc.label, _SMALL) + 34)
        x.append(centre)
    return x, x[-1] + widths[-1] / 2 + _GAP


def _feet(arcs: Sequence[Arc], heights: Sequence[int]) -> list[tuple[float, float]]:
    """How far the head's and the child's end of each arc stand from the middle of their words.
    Arcs that leave a word are spread out, the higher the nearer to the middle, so that none cross;
    the arc that comes in ends in the middle."""
    leaving: dict[tuple[int, bool], list[int]] = {}
    for index, arc in enumerate(arcs):
        leaving.setdefault((arc.head, arc.child > arc.head), []).append(index)
    shifts = [0.0] * len(arcs)
    for (_, to_right), group in leaving.items():
        group.sort(key=lambda i: -heights[i])
        for place, index in enumerate(group, start=1):
            shifts[index] = place * 4.5 * (1 if to_right else -1)
    return [(shift, 0.0) for shift in shifts]


def _draw(
    arc: Arc, x: Sequence[float], foot: tuple[float, float], base: float, height: int
) -> Markup:
    """An arc with rounded corners, its label on top and an arrow head on the child."""
    start, end = x[arc.head] + foot[0], x[arc.child] + foot[1]
    top = base - height * _STEP
    turn = _CORNER if end > start else -_CORNER
    path = (
        f"M{start:.1f} {base:.1f}V{top + _CORNER:.1f}"
        f"Q{start:.1f} {top:.1f} {start + turn:.1f} {top:.1f}H{end - turn:.1f}"
        f"Q{end:.1f} {top:.1f} {end:.1f} {top + _CORNER:.1f}V{base - 5:.1f}"
    )
    return element(
        "g",
        element("path", d=path, class_="sl-arc"),
        _arrow(end, base),
        element(
            "text", arc.label, x=f"{(start + end) / 2:.1f}", y=f"{top + 4:.1f}", class_="sl-dep"
        ),
    )


def _arrow(x: float, base: float) -> Markup:
    return element("path", d=f"M{x:.1f} {base:.1f}l-3.6 -7h7.2z", class_="sl-head")


def _root(x: float, base: float, height: int, label: str) -> Markup:
    top = base - height * _STEP
    return element(
        "g",
        element("path", d=f"M{x:.1f} {top + 8:.1f}V{base - 5:.1f}", class_="sl-arc"),
        _arrow(x, base),
        element("text", label, x=f"{x:.1f}", y=f"{top + 4:.1f}", class_="sl-dep"),
    )


def _tree(sentence: Span) -> Markup:
    tokens = list(sentence)
    first = tokens[0].i
    words = [visible(token.text) for token in tokens]
    tags = [token.pos_ or token.tag_ for token in tokens]
    arcs, roots = [], []
    for token in tokens:
        head = token.head.i - first
        if head == token.i - first or not 0 <= head < len(tokens):
            roots.append((token.i - first, token.dep_ or "root"))
        else:
            arcs.append(Arc(head, token.i - first, token.dep_))
    x, width = _centres(words, tags, arcs)
    text = sentence.text
    if direction(text) == "rtl":
        x = [width - centre for centre in x]
    heights = arc_levels(arcs)
    peak = max(heights, default=0) + 1
    base = peak * _STEP + 12
    feet = _feet(arcs, heights)
    if direction(text) == "rtl":
        feet = [(-at_head, at_child) for at_head, at_child in feet]
    drawn = [_draw(arc, x, foot, base, height) for arc, foot, height in zip(arcs, feet, heights)]
    drawn += [_root(x[index], base, peak, label) for index, label in roots]
    for centre, word, tag in zip(x, words, tags):
        at = f"{centre:.1f}"
        drawn.append(element("text", word, x=at, y=f"{base + 20:.1f}", class_="sl-dword"))
        drawn.append(element("text", tag, x=at, y=f"{base + 37:.1f}", class_="sl-dtag"))
    size = {"width": f"{width:.0f}", "height": f"{base + 46:.0f}"}
    return element(
        "svg",
        element("title", f"Dependency tree of: {text}"),
        *drawn,
        viewBox=f"0 0 {size['width']} {size['height']}",
        role="img",
        **size,
    )


def dependency_trees(doc: Doc) -> Markup:
    """One tree for each sentence of ``doc``, each as wide as it must be (the page scrolls it)."""
    trees = [element("div", _tree(sentence), class_="sl-tree") for sentence in sentences(doc)]
    return element("div", *trees)
