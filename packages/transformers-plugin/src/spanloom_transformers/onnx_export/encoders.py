"""The encoders of a pipeline as graphs of ONNX that give the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spanloom.errors import PipelineError, SpanloomError
from spanloom.io.files import write_bytes
from spanloom_onnx.description import Description
from spanloom_onnx.exported import ExportedEncoder

from ..encoder import encode
from ..model import sequences_of, shim_of
from ..shim import TransformerShim
from . import rounding
from .tracing import graphs_of

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.pipeline import Pipeline
    from spanloom_onnx.description import Precision

__all__ = ["Graph", "Made", "Place", "difference", "made", "places_in"]

#: Protobuf, the format of ONNX, ends there.
_LARGEST = (1 << 31) - 1

#: Word pieces by which linear layers are compared.
_SAMPLE = 2048


@dataclass(frozen=True, slots=True)
class Place:
    """Where an encoder is: which layer of which component's model, counted as thinc walks."""

    component: str
    node: int

    def model_in(self, nlp: Pipeline) -> Model[Any, Any]:
        """The layer in a pipeline."""
        nodes: list[Model[Any, Any]] = list(nlp.get_pipe(self.component).model.walk())
        return nodes[self.node]


def places_in(nlp: Pipeline) -> list[Place]:
    """All encoders of torch in a pipeline. Raises :class:`PipelineError` if there is none."""
    found = []
    for name, component in nlp.components:
        model: Any = getattr(component, "model", None)
        nodes = model.walk() if hasattr(model, "walk") else ()
        found += [Place(name, i) for i, node in enumerate(nodes) if shim_of(node) is not None]
    if not found:
        raise PipelineError(
            f"there is nothing to export: the pipeline has no transformer (components: "
            f"{', '.join(nlp.component_names) or 'none'})"
        )
    return found


@dataclass(frozen=True, slots=True)
class Graph:
    """A file of ONNX, and which of its linear layers stayed in fp32 where others are rounded."""

    content: bytes
    exact_layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    """An encoder in fp32, as a graph that gives what torch gives."""

    place: Place
    shim: TransformerShim
    content: bytes
    layers: int

    @cached_property
    def model(self) -> Any:
        """The graph, as the library onnx has it."""
        import onnx

        return onnx.load_from_string(self.content)

    @property
    def linear(self) -> Collection[str]:
        """The names of its linear layers."""
        return rounding.linear_layers(self.model).keys()

    def graph(self, precision: Precision, keep: Collection[str] = ()) -> Graph:
        """The graph with less bits; linear layers in ``keep`` aren't rounded to int8."""
        if precision == "fp32":
            return Graph(self.content)
        if precision == "fp16":
            return Graph(rounding.halved(self.model).SerializeToString())
        return Graph(rounding.rounded(self.model, keep).SerializeToString(), tuple(keep))

    def most_wrong(self, docs: Sequence[Any], nlp: Pipeline) -> Sequence[str]:
        """Its linear layers, those first that rounding changes most."""
        sequences = sequences_of(self.place.model_in(nlp), docs)
        lengths = sequences.lengths
        pack = np.argsort(-lengths, kind="stable")
        pack = pack[: max(1, _SAMPLE // max(1, int(lengths[pack[0]])))]
        mask = np.arange(int(lengths[pack[0]])) < lengths[pack][:, None]
        ids = np.full(mask.shape, self.shim.pad, dtype=np.int64)
        ids[mask] = sequences.pieces.ids[sequences.index[sequences.rows_of(pack)]]
        return rounding.most_wrong(self.model, ids, mask.astype(np.int64))

    def save(self, folder: Path, graph: Graph, precision: Precision) -> None:
        """Write the files of :class:`~spanloom_onnx.exported.ExportedEncoder`."""
        folder.mkdir()
        share = 0.0
        if precision == "int8" and self.linear:
            share = 1 - len(graph.exact_layers) / len(self.linear)
        about = description(self.shim, self.layers, precision, share)
        self.shim.tokenizer.backend.save(str(folder / "tokenizer.json"))
        write_bytes(folder / "encoder.json", about.to_json())
        write_bytes(folder / "encoder.onnx", graph.content)


def description(
    shim: TransformerShim, layers: int, precision: Precision, share: float = 0.0
) -> Description:
    """What ``encoder.json`` says of a transformer."""
    tokenizer, runner = shim.tokenizer, shim.runner(1)
    return Description(
        width=cast(int, shim.width),
        layers=layers,
        limit=shim.limit,
        pad=shim.pad,
        specials=tokenizer.specials,
        text_is_text=tokenizer.text_is_text,
        alike=runner.alike,
        least=runner.least,
        precision=precision,
        rounded=share,
    )


def made(nlp: Pipeline, place: Place, docs: Sequence[Any], tolerance: float) -> Made:
    """The encoder at a place as a graph whose vectors, for ``docs``, differ by at most
    ``tolerance`` (times the largest value, if that is above 1).

    Raises :class:`PipelineError` for one that can't be exported, or only differs by more.
    """
    model = place.model_in(nlp)
    shim = cast(TransformerShim, shim_of(model))
    _check(shim, place.component)
    sequences = sequences_of(model, docs)
    hidden = bool(shim.settings.transformer_config.get("output_hidden_states"))
    budget = int(model.attrs["max_batch_items"])
    found = encode(shim.runner(budget), sequences, hidden=hidden)
    right = [layer.cpu().numpy() for layer in found.hidden or (found.last,)]
    why = []
    for make in graphs_of(shim):
        try:
            content, layers = make()
            if len(content) > _LARGEST:
                raise PipelineError("its graph has more than 2 GB, where files of ONNX end")
            whole = Made(place, shim, content, layers)
            files = {
                "encoder.onnx": content,
                "encoder.json": description(shim, layers, "fp32").to_json(),
                "tokenizer.json": shim.tokenizer.backend.to_str().encode("utf8"),
            }
            given = ExportedEncoder.of_files(files).encode(sequences, budget)
        except SpanloomError as error:
            why.append(str(error))
            continue
        except Exception as error:  # torch's exporters fail in as many ways as there are models
            why.append(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            continue
        worst = max(map(difference, right, given), default=0.0)
        if worst <= tolerance:
            return whole
        why.append(f"its vectors differ by {worst:.1e}")
    kind = type(shim.module).__name__
    raise PipelineError(
        f"the transformer of '{place.component}' ({kind}) can't be exported: {'; '.join(why)}"
    )


def _check(shim: TransformerShim, name: str) -> None:
    if shim.of_tokens is not None or not shim.tokenizer.is_fast:
        kind = "one of single tokens" if shim.of_tokens is not None else shim.tokenizer.kind
        raise PipelineError(
            f"'{name}' can't be exported: its tokenizer ({kind}) is none of the "
            f"library tokenizers, and others need transformers to run"
        )
    if shim.settings.transformer_config.get("output_attentions"):
        raise PipelineError(
            f"'{name}' can't be exported with attentions: take output_attentions out of its "
            f"transformer_config"
        )


def difference(one: Any, two: Any) -> float:
    """The largest difference of two arrays, as a share of the largest value of the first where that
    is above 1."""
    if one.shape != two.shape:
        return float("inf")
    if not one.size:
        return 0.0
    largest = float(np.abs(one - two).max()) / max(1.0, float(np.abs(one).max()))
    return largest if np.isfinite(largest) else float("inf")
