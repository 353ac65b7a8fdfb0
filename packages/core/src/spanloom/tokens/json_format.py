"""Documents as dicts for JSON, in the form that spaCy's ``Doc.to_json`` gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, SerializationError
from ..vocab.extensions import MISSING
from .build import annotate
from .span import Span

if TYPE_CHECKING:
    from .forward import Doc
    from .token import Token

__all__ = ["from_json", "to_json"]

_KEYS = {"tag": "TAG", "pos": "POS", "morph": "MORPH", "lemma": "LEMMA", "dep": "DEP"}


def to_json(doc: Doc, underscore: Sequence[str]) -> dict[str, Any]:
    """See :meth:`Doc.to_json`."""
    data: dict[str, Any] = {"text": doc.text}
    if doc.has_annotation("ENT_IOB"):
        data["ents"] = [_span_json(ent) for ent in doc.ents]
    if doc.has_annotation("SENT_START"):
        data["sents"] = [{"start": s.start_char, "end": s.end_char} for s in doc.sents]
    if doc._cats:
        data["cats"] = dict(doc.cats)
    data["tokens"] = _tokens_json(doc)
    if doc._spans:
        data["spans"] = {n: [_span_json(span) for span in g] for n, g in doc.spans.items()}
    for name in underscore:
        _custom_json(doc, name, data)
    return data


def _custom_json(doc: Doc, name: str, data: dict[str, Any]) -> None:
    """Add the values of a custom attribute: of the document, of each token, and of the spans that
    were given one."""
    table = doc.vocab.extensions
    of_doc, of_token, of_span = (table.find(kind, name) for kind in ("doc", "token", "span"))
    if not (of_doc or of_token or of_span):
        raise DataError(
            f"no custom attribute doc._.{name} was declared, nor one of tokens or spans"
        )
    stored = doc._user_data or {}
    if of_doc:
        data.setdefault("_", {})[name] = _plain(doc, "doc", name, doc._.get(name))
    if of_token:
        values = []
        for token in doc:
            key = ("._.", name, token.idx, None)
            computed = of_token.default is MISSING
            value = token._.get(name) if computed else stored.get(key, of_token.default)
            values.append({"start": token.idx, "value": _plain(doc, "token", name, value)})
        data.setdefault("underscore_token", {})[name] = values
    if of_span:
        data.setdefault("underscore_span", {})[name] = [
            {"start": key[2], "end": key[3], "value": _plain(doc, "span", name, value)}
            for key, value in stored.items()
            if isinstance(key, tuple) and key[:2] == ("._.", name) and key[3] is not None
        ]


def _plain(doc: Doc, kind: str, name: str, value: Any) -> Any:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise SerializationError(
            f"the custom attribute {kind}._.{name} of {doc.text[:40]!r} holds what JSON can't "
            f"({error}): leave it out of underscore, and save the document with doc.to_bytes() or "
            f"a DocBin with store_user_data=True if you need it"
        ) from error
    return value


def _span_json(span: Span) -> dict[str, Any]:
    data: dict[str, Any] = {"start": span.start_char, "end": span.end_char, "label": span.label_}
    if span.kb_id:
        data["kb_id"] = span.kb_id_
    if span.id:
        data["id"] = span.id_
    return data


def _tokens_json(doc: Doc) -> list[dict[str, Any]]:
    places = zip(doc.starts.tolist(), doc.ends.tolist(), strict=True)
    tokens: list[dict[str, Any]] = [
        {"id": i, "start": start, "end": end} for i, (start, end) in enumerate(places)
    ]
    strings = doc.lexicon.strings
    for key, name in _KEYS.items():
        column = doc.column(name)
        if column is not None and doc.has_annotation(name):
            for token, value in zip(tokens, strings.strings(column), strict=True):
                token[key] = "" if key == "morph" and value == "_" else value
    heads = doc.column("HEAD")
    if heads is not None and doc.has_annotation("HEAD"):
        for token, head in zip(tokens, heads.tolist(), strict=True):
            token["head"] = head
    return tokens


def from_json(doc: Doc, data: dict[str, Any]) -> Doc:
    """See :meth:`Doc.from_json`."""
    if len(doc):
        raise DataError("from_json fills an empty document: use Doc(vocab).from_json(data)")
    try:
        text, tokens = data["text"], data["tokens"]
        places = [(token["start"], token["end"]) for token in tokens]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"the JSON of a document needs 'text' and 'tokens' with 'start' and 'end' ({error})"
        ) from error
    try:
        words, spaces = _words(text, places)
        doc.__init__(doc.vocab, words, spaces)  # type: ignore[misc]
        _annotate(doc, tokens, data)
    except DataError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise DataError(
            f"the JSON of the document {str(text)[:40]!r} is damaged "
            f"({type(error).__name__}: {error})"
        ) from error
    return doc


def _annotate(doc: Doc, tokens: list[dict[str, Any]], data: dict[str, Any]) -> None:
    values = {f"{key}s": _values(tokens, key) for key in ("tag", "lemma", "dep", "morph")}
    annotate(
        doc,
        ents=None,
        sent_starts=None,
        pos=_values(tokens, "pos"),
        heads=_values(tokens, "head"),
        **values,
    )
    _spans_from_json(doc, data)
    doc.cats = data.get("cats", {})
    for name, value in data.get("_", {}).items():
        _set_custom(doc, "doc", name, value)
    at = {start: i for i, start in enumerate(doc.starts.tolist())}
    for name, items in data.get("underscore_token", {}).items():
        for item in items:
            _set_custom(doc[at[item["start"]]], "token", name, item["value"])
    for name, items in data.get("underscore_span", {}).items():
        for item in items:
            _set_custom(_span(doc, item), "span", name, item["value"])


def _set_custom(owner: Doc | Token | Span, kind: str, name: str, value: Any) -> None:
    """Set a custom attribute; what a getter computes is computed anew."""
    extension = owner.vocab.extensions.find(kind, name)
    if extension is None or extension.getter is None or extension.setter is not None:
        owner._.set(name, value)


def _words(text: str, places: list[tuple[int, int]]) -> tuple[list[str], list[bool]]:
    words, spaces = [], []
    if not places and text:
        raise DataError(f"there are no tokens for the text {text[:40]!r}")
    following = [start for start, _ in places[1:]] + [len(text)] * bool(places)
    for i, ((start, end), after) in enumerate(zip(places, following, strict=True)):
        if text[end:after] not in ("", " ") or (i == 0 and start):
            raise DataError(
                f"token {i} ({text[start:end]!r}) ends at {end} and what follows starts at {after}:"
                f" between two tokens there can be one space and nothing else"
            )
        words.append(text[start:end])
        spaces.append(after > end)
    return words, spaces


def _values(tokens: Sequence[dict[str, Any]], key: str) -> list[Any] | None:
    have = sum(key in token for token in tokens)
    if 0 < have < len(tokens):
        raise DataError(f"{have} of {len(tokens)} tokens have '{key}': all must have it, or none")
    return [token[key] for token in tokens] if have else None


def _spans_from_json(doc: Doc, data: dict[str, Any]) -> None:
    if "ents" in data:
        doc.ents = tuple(_span(doc, item) for item in data["ents"])
    for name, items in data.get("spans", {}).items():
        doc.spans[name] = [_span(doc, item) for item in items]
    if data.get("sents") and doc.column("HEAD") is None:
        starts = np.full(len(doc), -1, dtype=np.int8)
        starts[[_span(doc, item).start for item in data["sents"]]] = 1
        doc.set_column("SENT_START", starts)


def _span(doc: Doc, item: dict[str, Any]) -> Span:
    label, kb_id, span_id = item.get("label", ""), item.get("kb_id", ""), item.get("id", "")
    start, end = item["start"], item["end"]
    span = doc.char_span(start, end, label, kb_id, span_id=span_id)
    if span is None:
        raise DataError(
            f"no tokens start and end at the characters {start} and {end} of {doc.text[:40]!r}"
        )
    return span
