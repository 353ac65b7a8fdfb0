"""Entities as tags of tokens, as spans and as character offsets.

Tags are IOB (Begin, In, Out) or BILUO (also Last and Unit), such as ``"B-PER"``; ``"-"`` and ``""``
say that nothing is known of a token.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from spanloom.errors import DataError

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = [
    "biluo_tags_to_offsets",
    "biluo_tags_to_spans",
    "biluo_to_iob",
    "iob_to_biluo",
    "offsets_to_biluo_tags",
    "tags_to_entities",
]

_UNKNOWN = ("", "-")


def iob_to_biluo(tags: Iterable[str]) -> list[str]:
    """The same entities with Last and Unit. An In after no entity of its label begins one."""
    tags = list(tags)
    found: list[str] = []
    for at, tag in enumerate(tags):
        kind, label = _split(tag, at)
        if kind not in "BI":
            found.append(tag)
            continue
        before = _split(tags[at - 1], at - 1) if at else ("O", "")
        after = _split(tags[at + 1], at + 1) if at + 1 < len(tags) else ("O", "")
        opens = kind == "B" or before[0] not in "BI" or before[1] != label
        closes = after != ("I", label)
        found.append(f"{('U' if closes else 'B') if opens else 'L' if closes else 'I'}-{label}")
    return found


def biluo_to_iob(tags: Iterable[str]) -> list[str]:
    """The same entities with Begin, In and Out alone."""
    simple = {"U": "B", "L": "I"}
    return [f"{simple[tag[0]]}{tag[1:]}" if tag[:1] in simple else tag for tag in tags]


def tags_to_entities(tags: Iterable[str | None]) -> list[tuple[str, int, int]]:
    """The label, first and last token of each entity of BILUO tags.

    Raises :class:`DataError` for tags that can't follow each other, naming the place.
    """
    found: list[tuple[str, int, int]] = []
    start: int | None = None
    open_label = ""
    at = -1
    for at, tag in enumerate(tags):
        kind, label = _split(tag or "", at)
        if kind in ("I", "L"):
            if start is None or label != open_label:
                raise DataError(f"tag {at} is '{tag}', but no entity '{label}' is open there")
            if kind == "L":
                found.append((label, start, at))
                start = None
            continue
        if start is not None:
            raise DataError(
                f"tag {at} is '{tag}', but the entity '{open_label}' that token {start} begins has "
                f"no 'L-{open_label}' before it"
            )
        if kind == "U":
            found.append((label, at, at))
        elif kind == "B":
            start, open_label = at, label
    if start is not None:
        raise DataError(f"the entity '{open_label}' that token {start} begins has no end")
    return found


def offsets_to_biluo_tags(
    doc: Doc, entities: Iterable[tuple[int, int, str]], missing: str = "O"
) -> list[str]:
    """BILUO tags of entities given as character offsets and label.

    Tokens that an entity touches whose bounds aren't those of tokens get ``"-"``, with a warning,
    and tokens in no entity ``missing``. Raises :class:`DataError` for entities that share a token.
    """
    starts = {start: i for i, start in enumerate(doc.starts.tolist())}
    ends = {end: i for i, end in enumerate(doc.ends.tolist())}
    tags = [missing] * len(doc)
    taken: dict[int, tuple[int, int, str]] = {}
    for entity in entities:
        low, high, label = entity
        first, last = starts.get(low), ends.get(high)
        fits = first is not None and last is not None
        if not fits:
            warnings.warn(
                f"no tokens start and end as the entity {entity} does ({doc.text[low:high]!r}): "
                f"those that it touches get '-'",
                stacklevel=2,
            )
        places = (
            range(first, last + 1)
            if first is not None and last is not None
            else [i for start, i in starts.items() if start < high and low < int(doc.ends[i])]
        )
        for i in places:
            if i in taken:
                raise DataError(
                    f"the entities {taken[i]} and {entity} share token {i}, '{doc.words[i]}': "
                    f"entities don't overlap. Keep overlapping spans in doc.spans"
                )
            taken[i] = entity
            tags[i] = f"I-{label}" if fits else "-"
        if first is not None and last is not None:
            if first == last:
                tags[first] = f"U-{label}"
            else:
                tags[first], tags[last] = f"B-{label}", f"L-{label}"
    return tags


def biluo_tags_to_spans(doc: Doc, tags: Sequence[str]) -> list[Span]:
    """The entities of BILUO tags, one for each token, as spans of ``doc``."""
    from spanloom.tokens import Span

    if len(tags) != len(doc):
        raise DataError(
            f"There are {len(tags)} tags for a document of {len(doc)} tokens: give one for each "
            "token"
        )
    return [Span(doc, start, end + 1, label=label) for label, start, end in tags_to_entities(tags)]


def biluo_tags_to_offsets(doc: Doc, tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """The entities of BILUO tags as character offsets and label."""
    spans = biluo_tags_to_spans(doc, tags)
    return [(span.start_char, span.end_char, span.label_) for span in spans]


def _split(tag: str, at: int) -> tuple[str, str]:
    """Kind and label of a tag; an unknown one counts as Out."""
    if tag in _UNKNOWN or tag == "O":
        return "O", ""
    kind, dash, label = tag.partition("-")
    if kind not in ("B", "I", "L", "U") or not dash:
        raise DataError(f"tag {at} is '{tag}', but must be like 'B-PER', or 'O' or '-'")
    return kind, label
