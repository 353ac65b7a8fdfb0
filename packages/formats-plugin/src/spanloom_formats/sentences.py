"""One sentence of a treebank, and documents made of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["Sentence", "join_sentences"]


@dataclass
class Sentence:
    """The words of a sentence and their annotation, one value each.

    ``heads`` are indices within the sentence, a root is its own head. ``starts_document`` says that
    a new document begins here, ``space_at_end`` that the space after the last word is there even at
    the end of a document, ``extras`` what else the format says of a word; ``ents`` is empty without
    entity annotation.
    """

    words: list[str] = field(default_factory=list)
    spaces: list[bool] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    pos: list[str] = field(default_factory=list)
    morphs: list[str] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    deps: list[str] = field(default_factory=list)
    ents: list[str] = field(default_factory=list)
    extras: list[dict[str, Any]] = field(default_factory=list)
    starts_document: bool = False
    space_at_end: bool = False


def join_sentences(
    vocab: Vocab, sentences: Sequence[Sentence], *, unknown_spaces: bool = False
) -> Doc:
    """A document of several sentences, with what annotation they have. Its text ends with the last
    word, unless its space is known or the format says nothing of spaces (``unknown_spaces``)."""
    from spanloom.tokens import Doc

    words = [word for each in sentences for word in each.words]
    spaces = [space for each in sentences for space in each.spaces]
    if spaces:
        spaces[-1] = spaces[-1] and sentences[-1].space_at_end
    doc = Doc(vocab, words=words, spaces=None if unknown_spaces else spaces)
    _set_strings(doc, "TAG", [tag for each in sentences for tag in each.tags])
    _set_strings(doc, "POS", [pos for each in sentences for pos in each.pos])
    _set_strings(doc, "LEMMA", [lemma for each in sentences for lemma in each.lemmas])
    morphs = [morph for each in sentences for morph in each.morphs]
    if any(morphs):
        add = vocab.morphology.add
        ids = {morph: add(morph) if morph else 0 for morph in dict.fromkeys(morphs)}
        doc.set_column("MORPH", np.asarray([ids[morph] for morph in morphs], dtype=np.uint64))
    _set_tree(doc, sentences)
    starts = np.full(len(doc), -1, dtype=np.int8)
    starts[_offsets(sentences)] = 1
    doc.set_column("SENT_START", starts)
    if any(each.ents for each in sentences):
        _set_entities(doc, sentences)
    return doc


def _offsets(sentences: Sequence[Sentence]) -> list[int]:
    ends = np.cumsum([len(each.words) for each in sentences]).tolist()
    return [0, *ends[:-1]]


def _set_strings(doc: Doc, column: str, values: list[str]) -> None:
    if any(values):
        doc.set_column(column, doc.vocab.strings.ids(values))


def _set_tree(doc: Doc, sentences: Sequence[Sentence]) -> None:
    deps = [dep for each in sentences for dep in each.deps]
    if any(deps):
        pairs = zip(_offsets(sentences), sentences)
        heads = [start + head for start, each in pairs for head in each.heads]
        doc.set_column("HEAD", np.asarray(heads, dtype=np.int32))
        _set_strings(doc, "DEP", deps)


def _set_entities(doc: Doc, sentences: Sequence[Sentence]) -> None:
    from spanloom.tokens.build import parse_ent_tags

    tags = [tag for each in sentences for tag in each.ents or [""] * len(each.words)]
    marks, labels = parse_ent_tags(tags)
    doc.set_column("ENT_IOB", marks)
    doc.set_column("ENT_TYPE", doc.vocab.strings.ids(labels))
