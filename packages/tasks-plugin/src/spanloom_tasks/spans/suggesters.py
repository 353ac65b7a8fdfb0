"""Suggesters: functions that say which spans of documents are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from thinc.api import Ops, get_current_ops
from thinc.types import Ragged

from spanloom.errors import ConfigError, ConfigProblem, DataError
from spanloom.tokens import Doc

__all__ = ["Suggester", "ngram_range_suggester", "ngram_suggester", "preset_spans_suggester"]


class Suggester(Protocol):
    """A function of documents that suggests spans.

    It returns a ``Ragged``: ``dataXd`` has shape ``(spans, 2)``, the first token of each span and
    the one after its last, counted in its document; ``lengths`` how many spans each document has.
    """

    def __call__(self, docs: Sequence[Doc], *, ops: Ops | None = None) -> Ragged:
        """The spans to look at."""


def ngram_suggester(sizes: list[int]) -> Suggester:
    """All spans of so many tokens: shorter ones first, if ``sizes`` are in order. Raises
    :class:`ConfigError` for sizes below 1."""
    if not sizes or min(sizes) < 1:
        problem = ConfigProblem("sizes", f"{sizes} are no lengths of spans", "use [1, 2, 3]")
        raise ConfigError([problem], source="ngram_suggester")
    return partial(_ngrams, sizes=sizes)


def ngram_range_suggester(min_size: int, max_size: int) -> Suggester:
    """All spans of ``min_size`` to ``max_size`` tokens. Raises :class:`ConfigError` if there are
    none such."""
    return ngram_suggester(list(range(min_size, max_size + 1)))


def preset_spans_suggester(spans_key: str) -> Suggester:
    """The spans that a component before it has put into the group ``spans_key``."""
    return partial(_preset, spans_key=spans_key)


def _ngrams(docs: Sequence[Doc], *, sizes: Sequence[int], ops: Ops | None = None) -> Ragged:
    made: dict[int, NDArray[np.int32]] = {}
    for doc in docs:
        if len(doc) not in made:
            made[len(doc)] = _bounds(len(doc), sizes)
    return _ragged([made[len(doc)] for doc in docs], ops)


def _bounds(length: int, sizes: Sequence[int]) -> NDArray[np.int32]:
    starts = [np.arange(length - size + 1, dtype=np.int32) for size in sizes if size <= length]
    ends = [each + size for each, size in zip(starts, (s for s in sizes if s <= length))]
    if not starts:
        return np.zeros((0, 2), dtype=np.int32)
    return np.stack([np.concatenate(starts), np.concatenate(ends)], axis=1).astype(np.int32)


def _preset(docs: Sequence[Doc], *, spans_key: str, ops: Ops | None = None) -> Ragged:
    found = []
    for doc in docs:
        if spans_key not in doc.spans:
            raise DataError(
                f"there are no spans to be labelled: a document has no group '{spans_key}' "
                f"(groups: {', '.join(doc.spans) or 'none'}). Put the component that sets it "
                f"before, and into [training] annotating_components for training"
            )
        bounds = [(span.start, span.end) for span in doc.spans[spans_key]]
        found.append(np.asarray(bounds, dtype=np.int32).reshape(-1, 2))
    return _ragged(found, ops)


def _ragged(found: Sequence[NDArray[np.int32]], ops: Ops | None) -> Ragged:
    xp: Any = (ops or get_current_ops()).xp
    bounds = np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int32)
    lengths = np.asarray([len(each) for each in found], dtype=np.int32)
    return Ragged(xp.asarray(bounds), xp.asarray(lengths))
