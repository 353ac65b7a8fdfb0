"""Callbacks of spaCy's for ``[initialize]``."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from spanloom import Pipeline, load
from spanloom.errors import PipelineError
from spanloom.tokenizer import Tokenizer

from .vocabulary import NormedTokenizer

__all__ = ["copy_from_base_model"]


def copy_from_base_model(
    tokenizer: str | None = None, vocab: str | None = None
) -> Callable[[Pipeline], None]:
    """Callback ``spacy.copy_from_base_model.v1`` for ``before_init``: the rules of the tokenizer
    of one pipeline, and the strings, set features and vectors of the vocab of another. Both are
    what `spanloom.load` takes.

    Norms of a pipeline of spaCy's are taken by a tokenizer that keeps them,
    ``spanloom-spacy.NormedTokenizer.v1``; another one warns. Raises :class:`PipelineError` for a
    tokenizer that has no such rules.
    """

    def copy(nlp: Pipeline) -> None:
        if vocab:
            _copy_vocab(nlp, load(vocab))
        if tokenizer:
            _copy_rules(nlp, load(tokenizer), tokenizer)

    return copy


def _copy_vocab(nlp: Pipeline, base: Pipeline) -> None:
    for text in base.vocab.strings:
        nlp.vocab.strings.add(text)
    nlp.vocab.lexicon = nlp.vocab.lexicon.with_values(base.vocab.lexicon.values_saved())
    if base.vocab.vectors is not None:
        nlp.vocab.vectors = base.vocab.vectors


def _copy_rules(nlp: Pipeline, base: Pipeline, name: str) -> None:
    ours, theirs = nlp.tokenizer, base.tokenizer
    if not isinstance(ours, Tokenizer) or not isinstance(theirs, Tokenizer):
        which = f"that of '{name}'" if isinstance(ours, Tokenizer) else "that of this pipeline"
        raise PipelineError(
            f"copy_from_base_model copies the rules of one tokenizer to another, and {which} has "
            "none: name the same [nlp.tokenizer] as there"
        )
    Tokenizer.from_bytes(ours, Tokenizer.to_bytes(theirs))
    if isinstance(theirs, NormedTokenizer) and theirs.norms:
        if isinstance(ours, NormedTokenizer):
            ours.set_norms(theirs.norms)
        else:
            warnings.warn(
                f"the norms of '{name}' aren't copied: for them, set @tokenizers in [nlp.tokenizer]"
                " to 'spanloom-spacy.NormedTokenizer.v1'",
                stacklevel=3,
            )
