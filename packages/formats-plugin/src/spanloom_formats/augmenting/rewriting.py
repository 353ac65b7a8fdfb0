"""An example of other words, with the annotation of those that they stand for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spanloom import Doc, Example, Span
from spanloom.vocab.columns import COLUMNS, IOB_IN, IOB_MISSING, IOB_OUT

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["with_white_space", "with_words"]


def with_words(nlp: Pipeline, example: Example, words: Iterable[str]) -> Example:
    """The example with another word for each token of its reference; itself if all are the same."""
    reference, words = example.reference, [*words]
    if words == reference.words:
        return example
    doc = Doc(reference.vocab, words=words, spaces=reference.spaces.tolist())
    for name in COLUMNS:
        column = reference.column(name)
        if column is not None:
            doc.set_column(name, column.copy())
    same = np.arange(len(reference) + 1)
    return _with_reference(nlp, example, doc, same, same)


def with_white_space(nlp: Pipeline, example: Example, white: str, at: int) -> Example:
    """The example with a token of white space before token ``at`` of its reference.

    Its tag is ``_SP``, and it belongs to the token before it, or where a sentence begins to the one
    behind. Within an entity it is part of it.
    """
    reference = example.reference
    words, spaces = reference.words, reference.spaces.tolist()
    doc = Doc(
        reference.vocab,
        words=[*words[:at], white, *words[at:]],
        spaces=[*spaces[:at], False, *spaces[at:]],
    )
    begins = at < len(words) and (at == 0 or bool(reference.sent_starts[at] == 1))
    values = {**_of_entity(reference, at), "HEAD": at + 1 if begins else max(at - 1, 0)}
    for name, label in (("TAG", "_SP"), ("POS", "SPACE"), ("DEP", "dep"), ("LEMMA", white)):
        values[name] = doc.strings_of(name).add(label)
    for name in COLUMNS:
        column = reference.column(name)
        if column is None or not column.any():
            continue
        if name == "HEAD":
            column = np.where(column >= at, column + 1, column)
        wide = np.insert(column, at, values.get(name, 0))
        if name == "SENT_START":
            wide[at] = -1
            if begins:
                wide[at : at + 2] = wide[at + 1], -1
        doc.set_column(name, wide)
    old = np.arange(len(words) + 1)
    return _with_reference(nlp, example, doc, old + (old >= at), old + (old > at))


def _of_entity(reference: Doc, at: int) -> dict[str, int]:
    """What the columns of entities say of a token that comes before token ``at``."""
    iob = reference.column("ENT_IOB")
    if iob is None:
        return {}
    if at < len(iob) and iob[at] == IOB_IN:
        names = ("ENT_IOB", "ENT_TYPE", "ENT_ID", "ENT_KB_ID")
        columns = [(name, reference.column(name)) for name in names]
        return {name: int(column[at]) for name, column in columns if column is not None}
    around = iob[max(at - 1, 0) : at + 1]
    return {"ENT_IOB": IOB_MISSING if (around == IOB_MISSING).any() else IOB_OUT}


def _with_reference(
    nlp: Pipeline, example: Example, doc: Doc, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> Example:
    """An example of the new reference, which gets categories and groups of spans of the old one,
    whose tokens begin and end at other places there."""
    reference = example.reference
    doc.cats = reference.cats
    for name, group in reference.spans.items():
        target = doc.spans.setdefault(name)
        target.attrs.update(group.attrs)
        for s in group:
            place = int(starts[s.start]), int(ends[s.end])
            target.append(Span(doc, *place, s.label_, s.kb_id_, s.id_))
    return Example(nlp.make_doc(doc.text), doc)
