"""Spans that are given by characters, in the tokens of a document.

One that doesn't begin and end where tokens do is left out: of its tokens nothing is known then.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from ..errors import DataError
from ..tokens import Doc, Span

__all__ = ["MisalignedWarning", "Misfits", "fitting", "set_entities"]

#: Start and end in characters, label, id in a knowledge base, own id.
Offsets = tuple[int, int, str, str, str]


class MisalignedWarning(UserWarning):
    """Spans were left out, for they fit no tokens; ``spans`` says of each where and why."""

    def __init__(self, message: str, spans: list[str]) -> None:
        super().__init__(message, spans)
        self.spans = spans

    def __str__(self) -> str:
        return str(self.args[0])


class Misfits:
    """Spans that fit no tokens, collected to be told at once; with ``strict``, the first raises
    :class:`DataError`. ``place`` is where the reader is: ``"line 3: "``."""

    def __init__(self, source: object = None, *, strict: bool = False) -> None:
        self.source = f"'{source}': " if source is not None else ""
        self.strict = strict
        self.place = ""
        self.found: list[str] = []

    def add(self, doc: Doc, start: int, end: int, label: str) -> range:
        """Take down one more span. Returns its tokens, if there are some."""
        near = doc.char_span(start, min(end, len(doc.text)), alignment_mode="expand")
        if end > len(doc.text):
            what = f"the span {start}-{end} ({label}) doesn't lie within the {len(doc.text)} "
            what += f"characters of the text {doc.text[:40]!r}"
        else:
            what = f"the span {start}-{end} ({label}), {doc.text[start:end]!r:.60}, doesn't begin "
            what += "and end where tokens do"
            what += f": its tokens are {[token.text for token in near]}" if near else ""
        if self.strict:
            raise DataError(what)
        self.found.append(f"{self.place}{what}")
        return range(near.start, near.end) if near is not None else range(0)

    def tell(self) -> None:
        """One warning for all."""
        if self.found:
            more = len(self.found) - 1
            warnings.warn(
                MisalignedWarning(
                    f"{self.source}{self.found[0]}{f', and {more:,} more' if more else ''}. Such "
                    f"spans are left out, and nothing is known of their tokens: correct their "
                    f"bounds, or the tokenizer",
                    self.found,
                ),
                stacklevel=3,
            )
            self.found = []


def fitting(doc: Doc, given: Iterable[Offsets], misfits: Misfits) -> tuple[list[Span], set[int]]:
    """The spans that fit, and the tokens of those that don't. Raises :class:`DataError` for bounds
    that no text has."""
    spans: list[Span] = []
    lost: set[int] = set()
    for start, end, label, kb_id, span_id in given:
        if not 0 <= start < end:
            raise DataError(f"the span {start}-{end} ({label}) has no characters: 0 <= start < end")
        span = doc.char_span(start, end, label, kb_id, span_id=span_id)
        if span is None:
            lost.update(misfits.add(doc, start, end, label))
        else:
            spans.append(span)
    return spans, lost


def set_entities(doc: Doc, spans: list[Span], lost: set[int]) -> None:
    """Set entities; nothing is known of the ``lost`` tokens that aren't in one."""
    for span in spans:
        lost = lost - set(range(span.start, span.end))
    doc.set_ents(spans, missing=[doc[i : i + 1] for i in sorted(lost)])
