"""Annotating a stream of texts in batches, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ..errors import PipelineError
from .batching import check_sizes, grouped
from .running import annotated
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
