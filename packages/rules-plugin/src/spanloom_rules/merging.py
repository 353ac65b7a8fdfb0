"""Components that make one token of several: of an entity, a noun phrase, the parts of a word."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from spanloom.errors import DataError
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span

if TYPE_CHECKING:
    from spanloom.components import Component
    from spanloom.vocab.protocols import PipelineLike

__all__ = [
    "make_merge_entities",
    "make_merge_noun_chunks",
    "make_merge_subtokens",
    "merge_entities",
    "merge_noun_chunks",
    "merge_subtokens",
]


def merge_entities(doc: Doc) -> Doc:
    """Make one token of each entity. It keeps the tag and relation of the entity's root, and the
    entity's label."""
    with doc.retokenize() as retokenizer:
        for ent in doc.ents:
            root = ent.root
            retokenizer.merge(ent, {"TAG": root.tag, "DEP": root.dep, "ENT_TYPE": ent.label})
    return doc


def merge_noun_chunks(doc: Doc) -> Doc:
    """Make one token of each base noun phrase. It keeps the tag and relation of the phrase's root.
    A document without trees stays as it is."""
    if doc.has_annotation("DEP"):
        with doc.retokenize() as retokenizer:
            for chunk in doc.noun_chunks:
                root = chunk.root
                retokenizer.merge(chunk, {"TAG": root.tag, "DEP": root.dep})
    return doc


def merge_subtokens(doc: Doc, label: str = "subtok") -> Doc:
    """Make one token of each run of tokens whose relation is ``label``, and of the token that
    follows it: a parser that learnt to join tokens says so by that relation.

    Raises :class:`DataError` if the label is empty, or the document has no relations.
    """
    if not label:
        raise DataError("merge_subtokens needs a label: that of the relation between parts")
    deps = doc.column("DEP")
    if not len(doc):
        return doc
    if deps is None or not deps.any():
        raise DataError(
            "merge_subtokens needs relations, and the document has none: add a component that sets "
            "them before, such as 'parser'"
        )
    inside = deps == doc.vocab.strings.add(label)
    begins = np.flatnonzero(inside & ~np.append(False, inside[:-1]))
    ends = np.flatnonzero(~inside & np.append(False, inside[:-1])) + 1
    ends = np.append(ends, len(doc)) if len(ends) < len(begins) else ends
    with doc.retokenize() as retokenizer:
        for start, end in zip(begins.tolist(), ends.tolist(), strict=True):
            retokenizer.merge(Span(doc, start, end))
    return doc


@component_defaults(
    requires=["doc.ents"], assigns=["doc.ents", "token.ent_iob", "token.ent_type"], retokenizes=True
)
def make_merge_entities(nlp: PipelineLike, name: str) -> Component:
    """The component ``merge_entities``."""
    return merge_entities


@component_defaults(
    requires=["token.dep", "token.tag", "token.pos"],
    assigns=["token.dep", "token.tag"],
    retokenizes=True,
)
def make_merge_noun_chunks(nlp: PipelineLike, name: str) -> Component:
    """The component ``merge_noun_chunks``."""
    return merge_noun_chunks


@component_defaults(requires=["token.dep"], assigns=["token.dep"], retokenizes=True)
def make_merge_subtokens(nlp: PipelineLike, name: str, label: str = "subtok") -> Component:
    """The component ``merge_subtokens``."""
    return partial(merge_subtokens, label=label)
