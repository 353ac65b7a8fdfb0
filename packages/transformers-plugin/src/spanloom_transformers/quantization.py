"""Dynamic int8: linear layers multiply integers, after a test that says what that changes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import DataError, PipelineError

from .component import Transformer
from .model import shim_of

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline

__all__ = ["Quantized", "quantize", "scores_of"]

#: Scores that don't depend on the transformer.
_OTHERS = ("speed", "token_")


@dataclass(frozen=True, slots=True)
class Quantized:
    """What int8 changed on the examples that it was tried on.

    ``speedup`` is how many times less CPU time the transformer took, ``cosine`` the mean cosine of
    the vectors of word pieces with and without, ``scores`` each score before and after.
    """

    speedup: float
    cosine: float
    scores: dict[str, tuple[float, float]]

    @property
    def loss(self) -> float:
        """By how much the score that fell most fell; without scores, ``1 - cosine``."""
        if not self.scores:
            return 1 - self.cosine
        return max(before - after for before, after in self.scores.values())

    def __str__(self) -> str:
        scores = [f"{name} {one:.4f} -> {two:.4f}" for name, (one, two) in self.scores.items()]
        return ", ".join([f"{self.speedup:.2f} times as fast, cosine {self.cosine:.4f}", *scores])


def quantize(
    nlp: Pipeline,
    examples: Iterable[Example],
    *,
    name: str = "transformer",
    scores: Sequence[str] | None = None,
    tolerance: float = 0.005,
) -> Quantized:
    """Let the transformer ``name`` of a trained pipeline compute in int8 on the CPU.

    First it annotates ``examples``, which training must not have seen, with and without. If one of
    ``scores`` (all that the pipeline's components give) falls by more than ``tolerance``, nothing
    is changed and :class:`DataError` says by how much. Weights stay as they are beside the rounded
    ones; a saved pipeline computes in int8 when it is loaded, and training goes on without.

    Raises :class:`PipelineError` for a transformer that isn't on a CPU or of one's own kind.
    """
    component, shim = _computing(nlp, name)
    examples = list(examples)
    if not examples:
        raise DataError("quantize got no examples: give some that training didn't see")
    before = scores_of(nlp.evaluate(examples), scores)
    shim.use_int8(False)
    try:
        speedup, cosine = _compare(component, shim, [each.predicted for each in examples])
        shim.use_int8(True)
        component.cache.clear()
        after = scores_of(nlp.evaluate(examples), scores)
        found = Quantized(speedup, cosine, {each: (before[each], after[each]) for each in before})
        if found.loss > tolerance:
            raise DataError(
                f"int8 costs '{name}' more than the tolerance of {tolerance} ({found}): it was "
                f'left as it is; allow more, or use mixed_precision = "bf16"'
            )
    except BaseException:
        shim.use_int8(False)
        component.cache.clear()
        raise
    component.cfg["int8"] = True
    return found


def _computing(nlp: Pipeline, name: str) -> tuple[Transformer, Any]:
    component = nlp.get_pipe(name)
    shim = shim_of(component.model) if isinstance(component, Transformer) else None
    if not isinstance(component, Transformer) or shim is None:
        raise PipelineError(f"'{name}' isn't a transformer of ours: int8 is for those")
    if shim.device.type != "cpu":
        raise PipelineError(
            f"'{name}' computes on {shim.device}: int8 is for CPUs; use mixed_precision there"
        )
    return component, shim


def scores_of(found: dict[str, Any], wanted: Sequence[str] | None) -> dict[str, float]:
    """Those of a pipeline's scores that are ``wanted``, or all that a transformer has to do with.
    Raises :class:`DataError` for one that it doesn't give."""
    given = {key: value for key, value in found.items() if isinstance(value, float)}
    if wanted is None:
        return {key: given[key] for key in given if not key.startswith(_OTHERS)}
    missing = [key for key in wanted if key not in given]
    if missing:
        raise DataError(
            f"the pipeline gives no score {', '.join(map(repr, missing))}: it gives "
            f"{', '.join(given)}"
        )
    return {key: given[key] for key in wanted}


def _compare(component: Transformer, shim: Any, docs: Sequence[Any]) -> tuple[float, float]:
    """How many times faster int8 is, and the mean cosine of its vectors."""
    seconds = {False: 0.0, True: 0.0}
    total, count = 0.0, 0
    # Turn by turn, so that what else the machine does strikes both.
    for first in range(0, len(docs), 64):
        group = docs[first : first + 64]
        rows = {}
        for rounded in (False, True):
            shim.use_int8(rounded)
            if not first:
                component.model.predict(group)  # to warm up
            start = time.process_time()
            values = component.model.predict(group).rows
            seconds[rounded] += time.process_time() - start
            rows[rounded] = np.asarray(values, dtype=np.float64)
        norms = np.linalg.norm(rows[False], axis=1) * np.linalg.norm(rows[True], axis=1)
        products = np.einsum("ij,ij->i", rows[False], rows[True])
        total += float((products / np.maximum(norms, 1e-12)).sum())
        count += len(norms)
    return seconds[False] / max(seconds[True], 1e-9), total / max(count, 1)
