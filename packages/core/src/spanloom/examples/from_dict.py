"""Examples from and to dicts of annotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import DataError
from ..tokens import Doc
from .offsets import Misfits, Offsets, fitting, set_entities

__all__ = ["get_words_and_spaces", "reference_from_dict", "to_dict"]

#: Arguments of Doc, and other names of them in dicts.
_TOKENS = {
    "ORTH": "words",
    "SPACY": "spaces",
    "TAG": "tags",
    "POS": "pos",
    "MORPH": "morphs",
    "LEMMA": "lemmas",
    "HEAD": "heads",
    "DEP": "deps",
    "SENT_START": "sent_starts",
}
_DOCS = ("entities", "cats", "spans", "links")


def reference_from_dict(
    predicted: Doc, annotation: Mapping[str, Any], *, strict: bool = False
) -> Doc:
    """See :meth:`Example.from_dict`."""
    given = _flat(annotation)
    tokens = {key: given.pop(key) for key in _TOKENS.values() if given.get(key) is not None}
    if "words" not in tokens:
        tokens |= {"words": predicted.words, "spaces": predicted.spaces}
    elif "spaces" not in tokens:
        tokens["spaces"] = spaces_in(predicted.text, tokens["words"])
    # to_dict writes lists even where there is no annotation.
    labels = ("tags", "pos", "morphs", "lemmas", "deps")
    empty = {key for key in labels if not any(tokens.get(key, ()))}
    if "deps" in tokens and "deps" in empty:
        empty.add("heads")
    tokens = {key: value for key, value in tokens.items() if key not in empty}
    doc = Doc(predicted.vocab, **tokens)
    entities = given.get("entities")
    misfits = Misfits(strict=strict)
    if entities is not None:
        _set_entities(doc, entities, misfits)
    _set_links(doc, given.get("links") or {})
    doc.cats = given.get("cats") or {}
    groups = given.get("spans") or {}
    if not isinstance(groups, Mapping):
        raise DataError(f"'spans' has lists of spans by the name of their group, not {groups!r}")
    for name, spans in groups.items():
        doc.spans[name] = fitting(doc, map(_offsets, spans), misfits)[0]
    misfits.tell()
    return doc


def _flat(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """One dict with known keys. Raises :class:`DataError` for others."""
    flat: dict[str, Any] = {}
    for key, value in annotation.items():
        nested = key in ("doc_annotation", "token_annotation")
        for name, item in value.items() if nested else [(key, value)]:
            flat[_TOKENS.get(name, name)] = item
    known = (*_TOKENS.values(), *_DOCS)
    unknown = [key for key in flat if key not in known]
    if unknown:
        raise DataError(
            f"'{unknown[0]}' is no kind of annotation. There are: {', '.join(sorted(known))}"
        )
    return flat


def get_words_and_spaces(words: Iterable[str], text: str) -> tuple[list[str], list[bool]]:
    """``words`` and ``spaces`` of a :class:`Doc` with this text: what stands between the words, but
    for one space, becomes words too. Raises :class:`DataError` if the text has other words."""
    found: list[str] = []
    spaces: list[bool] = []
    at = 0
    for word in [*(word for word in words if not word.isspace()), ""]:
        start = text.find(word, at) if word else len(text)
        gap = text[at : max(start, at)]
        if start < 0 or gap.strip():
            raise DataError(f"the text {text[:60]!r} has no {word!r} at character {at}")
        if spaces and gap.startswith(" "):
            spaces[-1], gap = True, gap[1:]
        for piece in filter(None, (gap, word)):
            found.append(piece)
            spaces.append(False)
        at = start + len(word)
    return found, spaces


def spaces_in(text: str, words: Sequence[str]) -> list[bool] | None:
    """Whether a space follows each word in ``text``; ``None`` if the words don't give it."""
    spaces = []
    at = 0
    for word in words:
        if not text.startswith(word, at):
            return None
        at += len(word)
        spaces.append(text.startswith(" ", at))
        at += spaces[-1]
    return spaces if at == len(text) else None


def _set_entities(doc: Doc, entities: Sequence[Any], misfits: Misfits) -> None:
    if len(entities) and isinstance(entities[0], str | None):
        labelled = Doc(doc.vocab, doc.words, doc.spaces.tolist(), ents=entities)
        for name in ("ENT_IOB", "ENT_TYPE"):
            doc.set_column(name, labelled.column(name))
        return
    set_entities(doc, *fitting(doc, map(_offsets, entities), misfits))


def _set_links(doc: Doc, links: Mapping[Any, Mapping[str, float]]) -> None:
    """Set the likeliest id of a knowledge base for each entity, by ``(start, end)`` in
    characters. Raises :class:`DataError` where there is no such entity."""
    ents = {(ent.start_char, ent.end_char): ent for ent in doc.ents}
    for (start, end), chances in links.items():
        if doc.char_span(start, end) is None:
            continue  # an entity that fits no tokens was left out, with a warning
        if (start, end) not in ents:
            raise DataError(f"'links' names characters {start} to {end}, which are no entity")
        for token in ents[start, end] if any(chances.values()) else ():
            token.ent_kb_id_ = max(chances, key=lambda name: chances[name])


def _offsets(item: Sequence[Any]) -> Offsets:
    """Character offsets ``(start, end, label)``, maybe with an id of a knowledge base behind."""
    if not isinstance(item, Sequence) or isinstance(item, str) or len(item) < 2:
        raise DataError(f"a span is (start, end, label) in characters, not {item!r}")
    start, end, label, kb_id, *_ = (*item, "", "")
    return start, end, label, kb_id, ""


def to_dict(doc: Doc) -> dict[str, Any]:
    """See :meth:`Example.to_dict`."""
    strings = doc.lexicon.strings
    tokens: dict[str, list[Any]] = {"ORTH": doc.words, "SPACY": doc.spaces.tolist()}
    for name in ("TAG", "LEMMA", "POS", "MORPH"):
        column = doc.column(name)
        values = [""] * len(doc) if column is None else strings.strings(column)
        tokens[name] = ["" if name == "MORPH" and v == "_" else v for v in values]
    heads, deps = doc.column("HEAD"), doc.column("DEP")
    tokens["HEAD"] = list(range(len(doc))) if heads is None else heads.tolist()
    tokens["DEP"] = [""] * len(doc) if deps is None else strings.strings(deps)
    tokens["SENT_START"] = doc.sent_starts.tolist()
    return {
        "doc_annotation": {
            "cats": dict(doc.cats),
            "entities": entity_tags(doc),
            "spans": {
                name: [(s.start_char, s.end_char, s.label_, s.kb_id_) for s in group]
                for name, group in doc.spans.items()
            },
            "links": {
                (ent.start_char, ent.end_char): {ent.kb_id_: 1.0} for ent in doc.ents if ent.kb_id_
            },
        },
        "token_annotation": tokens,
    }


def entity_tags(doc: Doc) -> list[str]:
    """The entities as BILUO tags, one for each token; "-" where nothing is known."""
    iob = doc.column("ENT_IOB")
    tags = ["-"] * len(doc) if iob is None else ["-" if code == 0 else "O" for code in iob.tolist()]
    for ent in doc.ents:
        size = len(ent)
        codes = ["U"] if size == 1 else ["B", *["I"] * (size - 2), "L"]
        tags[ent.start : ent.end] = [f"{code}-{ent.label_}" for code in codes]
    return tags
