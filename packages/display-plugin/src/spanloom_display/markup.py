"""Builders of HTML and SVG that escape every text and attribute, and reading order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = ["Markup", "direction", "element", "hues_of", "join", "sentences", "visible"]


# Control characters that HTML forbids, and halves of surrogate pairs, which UTF-8 can't hold.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Markup(str):
    """Text that is markup already. Everything else is escaped when it enters an element."""

    __slots__ = ()


def _safe(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def element(name: str, *children: str, **attributes: str | int | float | None) -> Markup:
    """An element with ``children`` (escaped unless :class:`Markup`) and ``attributes`` (always
    escaped; ``None`` leaves one out; ``class_`` and ``for_`` lose their underscore, other
    underscores become hyphens)."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is not None:
            parts.append(f' {key.rstrip("_").replace("_", "-")}="{_safe(str(value))}"')
    return Markup(f"{''.join(parts)}>{join(children)}</{name}>")


def join(children: Sequence[str], between: str = "") -> Markup:
    """``children`` one after the other, each escaped unless it is :class:`Markup`."""
    return Markup(between.join(c if isinstance(c, Markup) else _safe(c) for c in children))


def hues_of(labels: Iterable[str]) -> dict[str, int]:
    """A hue (degrees) for each label. It depends on the label alone where it can, so that a label
    looks the same on every page; where two of a page would get the same, the later one in the
    alphabet moves on to the next that is free. There are twelve, since nearer ones are hard to
    tell apart."""
    count, taken, hues = 12, set[int](), dict[str, int]()
    for label in sorted(set(labels)):
        slot = crc32(label.encode("utf-8", "surrogatepass")) % count
        while slot in taken:
            slot = (slot + 5) % count  # 5 and 12 have no common divisor: all places are tried
        hues[label] = slot * 30
        taken.add(slot)
        if len(taken) == count:
            taken.clear()
    return hues


def direction(text: str) -> str:
    """``"rtl"`` if most letters among the first thousand are written from right to left, else
    ``"ltr"``."""
    kinds = [unicodedata.bidirectional(char) for char in text[:1000]]
    rightward = kinds.count("L")
    return "rtl" if kinds.count("R") + kinds.count("AL") > rightward else "ltr"


def visible(text: str) -> str:
    """A token's text as it can be shown: white space as symbols, what can't be printed as the
    replacement character."""
    if text.isprintable() and not text.isspace():
        return text
    symbols = {"\n": "⏎", "\t": "⇥", "\r": "␍", " ": "␣"}
    return "".join(symbols.get(char, char if char.isprintable() else "�") for char in text)


def sentences(doc: Doc) -> list[Span]:
    """The document's sentences, or all of it where no sentence boundaries are known."""
    if not len(doc):
        return []
    return list(doc.sents) if doc.has_annotation("SENT_START") else [doc[0 : len(doc)]]
