"""Annotated texts as people keep them: a text, with labels, spans by characters, categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from spanloom.errors import DataError
from spanloom.examples.offsets import Misfits, Offsets, fitting, set_entities

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = ["annotate_record"]

_ENTITY_KEYS = ("entities", "ents", "spans")


def annotate_record(doc: Doc, record: Mapping[str, Any], misfits: Misfits) -> None:
    """Annotate the tokens of ``record["text"]`` with what else the record holds.

    ``cats`` maps labels to scores (or lists the labels that are true); ``label`` is the one label
    that is true. ``entities``, ``ents`` or ``spans`` is a list of ``[start, end, label]`` or of
    ``{"start": , "end": , "label": }``, offsets in characters; ``spans`` may also map names of
    groups to such lists, whose spans may overlap. ``meta`` goes to ``doc.user_data``; other keys
    are left alone. Spans that fit no tokens are left out and added to ``misfits``. Raises
    :class:`DataError` for what is no such value.
    """
    cats = _cats(record)
    if cats:
        doc.cats = cats
    for key in _ENTITY_KEYS:
        value = record.get(key)
        if value is None:
            continue
        if isinstance(value, Mapping):
            for name, items in value.items():
                doc.spans[name] = fitting(doc, _spans(items), misfits)[0]
        else:
            _set_ents(doc, *fitting(doc, _spans(value), misfits), key)
    if record.get("meta") is not None:
        doc.user_data["meta"] = record["meta"]


def _cats(record: Mapping[str, Any]) -> dict[str, float]:
    value = record.get("cats", {})
    if isinstance(value, str) or not isinstance(value, Mapping | list):
        raise DataError(f"'cats' must map labels to scores, or list labels, not be {value!r:.60}")
    cats = dict(value) if isinstance(value, Mapping) else dict.fromkeys(value, 1.0)
    label = record.get("label")
    if label is not None:
        if not isinstance(label, str):
            raise DataError(
                f"'label' must be one string, not {label!r:.60}: for several use 'cats'"
            )
        cats[label] = 1.0
    for label, score in cats.items():
        if not isinstance(label, str) or not isinstance(score, int | float):
            raise DataError(f"'cats' has {label!r:.40}: {score!r:.40}, not a label and its score")
    return {label: float(score) for label, score in cats.items()}


def _spans(items: Iterable[Any]) -> list[Offsets]:
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise DataError(f"spans must be a list, not {items!r:.60}")
    return [_span(item) for item in items]


def _span(item: Any) -> Offsets:
    if isinstance(item, Mapping):
        parts = [item.get("start"), item.get("end"), item.get("label", "")]
        ids = [item.get("kb_id"), item.get("id")]
    else:
        parts, ids = list(item) if isinstance(item, list | tuple) else [], ["", ""]
    if len(parts) != 3 or not all(type(place) is int for place in parts[:2]):
        raise DataError(f"a span must be [start, end, label] in characters, not {item!r:.60}")
    start, end, label = parts
    if not isinstance(label, str):
        raise DataError(f"the label of the span {start}-{end} must be a string, not {label!r:.40}")
    kb_id, own_id = (each if isinstance(each, str) else "" for each in ids)
    return start, end, label, kb_id, own_id


def _set_ents(doc: Doc, spans: list[Span], lost: set[int], key: str) -> None:
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    for one, two in zip(ordered, ordered[1:], strict=False):
        if two.start < one.end:
            raise DataError(
                f"'{key}': '{one.text}' ({one.label_}) and '{two.text}' ({two.label_}) overlap, "
                f'and entities can\'t: give them as a group, {{"spans": {{"sc": [...]}}}}'
            )
    set_entities(doc, ordered, lost)
