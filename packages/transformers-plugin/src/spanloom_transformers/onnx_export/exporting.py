"""``export``: a pipeline whose encoders run without torch, and what it was tried on."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import DataError
from spanloom.io.files import check_replaceable

from ..model import shim_of
from ..quantization import scores_of
from .encoders import Graph, Made, Place, difference, made, places_in
from .pipelines import with_encoders

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline
    from spanloom_onnx.description import Precision

__all__ = ["Exported", "export"]

#: Shares of the linear layers that stay in fp32, one after the other, where int8 costs too much.
_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)


@dataclass(frozen=True, slots=True)
class Exported:
    """What :func:`export` wrote, and how it differs from the pipeline that it came from.

    ``difference`` is the largest one between vectors of word pieces, as a share of the largest
    value where that is above 1; ``scores`` has each score before and after, where there were
    examples; ``exact_layers`` are linear layers that stayed in fp32 among those of int8, of
    ``linear_layers``; ``size`` is that of the encoders' files in bytes.
    """

    precision: Precision
    difference: float
    scores: dict[str, tuple[float, float]]
    exact_layers: tuple[str, ...]
    linear_layers: int
    size: int

    @property
    def loss(self) -> float:
        """By how much the score that fell most fell."""
        return max((before - after for before, after in self.scores.values()), default=0.0)

    def __str__(self) -> str:
        lines = [
            f"{self.precision}: {self.size / 1e6:.1f} MB, vectors differ by {self.difference:.1e}"
        ]
        if self.precision == "int8":
            count = self.linear_layers - len(self.exact_layers)
            lines.append(f"{count} of {self.linear_layers} linear layers compute in int8")
        wide = max(map(len, self.scores), default=0)
        lines += [
            f"{name:{wide}}  {100 * before:6.2f}  {100 * after:6.2f}  {100 * (after - before):+.2f}"
            for name, (before, after) in self.scores.items()
        ]
        return "\n".join(lines)


def export(
    nlp: Pipeline,
    output: str | Path,
    *,
    texts: Iterable[str] = (),
    examples: Iterable[Example] = (),
    precision: Precision = "fp32",
    tolerance: float = 1e-4,
    max_loss: float = 0.005,
    scores: Sequence[str] | None = None,
) -> Exported:
    """Write a trained pipeline as one whose encoders run in ONNX Runtime, to the folder ``output``.

    It needs neither torch nor transformers, but spanloom-onnx. Both pipelines run on ``texts`` and
    those of ``examples`` first, and nothing is written where they differ: with ``"fp32"``, vectors
    of word pieces by more than ``tolerance`` (times the largest value, if that is above 1); with
    ``"fp16"`` and ``"int8"``, one of ``scores`` (all that the pipeline gives) on ``examples`` by
    more than ``max_loss``. Linear layers that rounding changes most stay as they are where int8
    costs more than that.

    Raises :class:`DataError` for what differs, and without texts, or examples for less than fp32;
    :class:`PipelineError` for encoders that can't be exported.
    """
    check_replaceable(Path(output), ["config.cfg", "meta.json"])
    examples = list(examples)
    listed = [*texts, *(example.reference.text for example in examples)]
    if not listed or (precision != "fp32" and not examples):
        needed = "texts" if precision == "fp32" else "annotated examples that training didn't see"
        raise DataError(f"an export in {precision} is tried before it is written: give {needed}")
    with _exact(nlp):
        docs = list(nlp.pipe(listed))
        encoders = [made(nlp, place, docs, tolerance) for place in places_in(nlp)]
        before = scores_of(nlp.evaluate(examples), scores) if examples else {}
        for graphs in _attempts(nlp, encoders, precision, docs):
            twin, size = _twin(nlp, encoders, graphs, precision)
            after = scores_of(twin.evaluate(examples), scores) if examples else {}
            found = Exported(
                precision,
                max(_difference(nlp, twin, each.place, docs) for each in encoders),
                {key: (before[key], after[key]) for key in before},
                tuple(name for graph in graphs for name in graph.exact_layers),
                sum(len(each.linear) for each in encoders),
                size,
            )
            if precision == "fp32" and found.difference > tolerance:
                raise DataError(
                    f"vectors differ by more than {tolerance}, nothing was written\n{found}"
                )
            if precision == "fp32" or found.loss <= max_loss:
                twin.to_disk(output)
                return found
        raise DataError(
            f"{precision} costs more than {100 * max_loss:.2f} points, so nothing was written\n"
            f"{found}"
        )


@contextmanager
def _exact(nlp: Pipeline) -> Iterator[None]:
    """Inside a ``with`` block, a pipeline of ``quantize`` too computes with its own weights."""
    shims = [shim_of(place.model_in(nlp)) for place in places_in(nlp)]
    rounded = [shim for shim in shims if shim is not None and shim.int8]
    for shim in rounded:
        shim.use_int8(False)
    try:
        yield
    finally:
        for shim in rounded:
            shim.use_int8(True)


def _attempts(
    nlp: Pipeline, encoders: Sequence[Made], precision: Precision, docs: Sequence[Any]
) -> Iterator[list[Graph]]:
    """Graphs of all encoders, with more and more linear layers in fp32."""
    yield [each.graph(precision) for each in encoders]
    if precision != "int8":
        return
    orders = [each.most_wrong(docs, nlp) for each in encoders]
    for share in _SHARES:
        keep = [order[: math.ceil(share * len(order))] for order in orders]
        yield [each.graph("int8", names) for each, names in zip(encoders, keep)]


def _twin(
    nlp: Pipeline, encoders: Sequence[Made], graphs: Sequence[Graph], precision: Precision
) -> tuple[Pipeline, int]:
    """A pipeline with these graphs, and the size of their files in bytes."""
    folders: dict[Place, Path] = {}
    with tempfile.TemporaryDirectory() as name:
        for each, graph in zip(encoders, graphs):
            folders[each.place] = Path(name) / str(len(folders))
            each.save(folders[each.place], graph, precision)
        size = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file())
        return with_encoders(nlp, folders), size


def _difference(nlp: Pipeline, twin: Pipeline, place: Place, docs: Sequence[Any]) -> float:
    one, two = place.model_in(nlp), place.model_in(twin)
    largest = 0.0
    for start in range(0, len(docs), 64):
        part = docs[start : start + 64]
        for mine, theirs in zip(one.predict(part).tensors, two.predict(part).tensors):
            largest = max(largest, difference(np.asarray(mine), np.asarray(theirs)))
    return largest
