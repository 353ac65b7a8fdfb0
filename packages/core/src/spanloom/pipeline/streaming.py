"""Annotating a stream of texts in batches, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ..errors import DataError, PipelineError
from ..tokens import Doc
from .batching import check_sizes, grouped
from .running import BadText, annotated
from .state import PipelineState

__all__ = ["stream"]


def stream(
    nlp: PipelineState,
    texts: Iterable[Any],
    as_tuples: bool,
    batch_size: int | None,
    batch_words: int | None,
    disable: Collection[str],
    n_process: int,
) -> Iterator[Any]:
    """See :meth:`Pipeline.pipe`."""
    size = nlp.batch_size if batch_size is None else batch_size
    words = nlp.batch_words if batch_words is None else batch_words
    check_sizes(size, words)
    texts = _texts(texts, as_tuples)
    if n_process != 1:
        from .workers import pipe_in_processes  # imports multiprocessing: only where it is used

        if n_process < 1 and n_process != -1:
            raise PipelineError(f"n_process is {n_process}: give a number of processes, or -1")
        count = n_process if n_process > 0 else os.cpu_count() or 1
        yield from pipe_in_processes(nlp, texts, count, size, words, as_tuples, disable)
        return
    for group in grouped(texts, size, words, as_tuples):
        nlp.vocab.renew()  # where its memory is bounded
        if as_tuples:
            contexts = [context for _, context in group]
            group = [text for text, _ in group]
        else:
            contexts = [None] * len(group)
        for doc, context in annotated(nlp, group, contexts, disable, words):
            yield (doc, context) if as_tuples else doc


def _texts(items: Iterable[Any], as_tuples: bool) -> Iterator[Any]:
    """The items, with a :class:`BadText` for each that is neither a text nor a document."""
    for number, item in enumerate(items):
        pair = not as_tuples or (isinstance(item, tuple | list) and len(item) == 2)
        text = item[0] if as_tuples and pair else item
        if pair and isinstance(text, str | Doc):
            yield item
            continue
        wanted = "a string or a Doc" if pair else "a pair of text and context (as_tuples)"
        error = DataError(f"text {number}: {wanted} is needed, not {type(text).__name__}")
        yield (BadText(error), None) if as_tuples else BadText(error)
