"""Styles ``ent`` and ``span``: entities marked in the running text, and spans that may overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markup import Markup, element, join, sentences, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spanloom.tokens import Doc, Span

__all__ = ["entity_marks", "levels", "span_bars"]


def entity_marks(doc: Doc, ents: Sequence[Span], hues: Mapping[str, int]) -> Markup:
    """The text of ``doc`` as it is, ``ents`` in it marked and labelled. ``hues`` holds the colour
    of each label."""
    text, parts, at = doc.text, list[str](), 0
    for ent in ents:
        parts.append(text[at : ent.start_char])
        label = ent.label_ if not ent.kb_id_ else f"{ent.label_} {ent.kb_id_}"
        parts.append(
            element(
                "mark",
                text[ent.start_char : ent.end_char],
                element("span", label, class_="sl-label"),
                class_="sl-ent",
                style=f"--sl-h:{hues[ent.label_]}",
            )
        )
        at = ent.end_char
    return element("div", *parts, text[at:], class_="sl-text")


def levels(intervals: Sequence[tuple[int, int]]) -> list[int]:
    """For each half-open interval the lowest line, from 0, on which it touches none of those placed
    before it. Earlier and longer ones are placed first."""
    order = sorted(range(len(intervals)), key=lambda i: (intervals[i][0], -intervals[i][1]))
    ends: list[int] = []
    placed = [0] * len(intervals)
    for index in order:
        start, end = intervals[index]
        level = next((level for level, last in enumerate(ends) if last <= start), len(ends))
        ends[level : level + 1] = [end]
        placed[index] = level
    return placed


def _bar(span: Span | None, at: int, hues: Mapping[str, int]) -> Markup:
    """One line under a token: a piece of the span's bar, with its label where it begins."""
    if span is None:
        return element("span", class_="sl-bar sl-none")
    first, last = at == span.start, at == span.end - 1
    edge = (" sl-first" if first else "") + (" sl-last" if last else "")
    label = [element("span", span.label_ or "span", class_="sl-label")] if first else []
    return element("span", *label, class_=f"sl-bar{edge}", style=f"--sl-h:{hues[span.label_]}")


def span_bars(doc: Doc, spans: Sequence[Span], hues: Mapping[str, int]) -> Markup:
    """``doc`` sentence by sentence with a bar under the tokens of each span; spans that overlap
    get bars on different lines."""
    lines = []
    for sentence in sentences(doc):
        here = [span for span in spans if span.start < sentence.end and span.end > sentence.start]
        placed = levels([(span.start, span.end) for span in here])
        depth = max(placed, default=-1) + 1
        grid: dict[tuple[int, int], Span] = {
            (at, level): span
            for span, level in zip(here, placed)
            for at in range(max(span.start, sentence.start), min(span.end, sentence.end))
        }
        tokens = [
            element(
                "span",
                element("span", visible(token.text), class_="sl-word"),
                *[_bar(grid.get((token.i, level)), token.i, hues) for level in range(depth)],
                class_="sl-cell sl-spaced" if token.whitespace_ else "sl-cell",
            )
            for token in sentence
        ]
        lines.append(element("li", join(tokens), class_="sl-sent"))
    return element("ol", *lines, class_="sl-sents sl-spans")
