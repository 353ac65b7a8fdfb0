"""A pipeline with other encoders in the place of its own."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly

from spanloom.errors import PipelineError
from spanloom.io import msgpack
from spanloom.plugins.registries import registry
from spanloom_onnx.component import OnnxTransformer
from spanloom_onnx.model import shim_of as onnx_shim_of

from ..component import Transformer
from ..listener import Tok2VecTransformer
from ..model import TransformerModel

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline

    from .encoders import Place

__all__ = ["with_encoders"]

#: Settings that both have.
_SAME = ("get_spans", "pooling", "max_batch_items", "overflow", "window", "overlap", "system")


def with_encoders(nlp: Pipeline, folders: Mapping[Place, Path]) -> Pipeline:
    """A copy of ``nlp`` whose encoders are those of ``folders``, read from there."""
    config = nlp.config.copy()
    names = {place.component for place in folders}
    for name in names:
        config["components"][name] = _block(name, nlp.get_pipe(name), config["components"][name])
    twin = type(nlp).from_config(config, meta=copy.deepcopy(nlp.meta))
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(folder, exclude=sorted(names))
        twin.from_disk(folder, exclude=sorted(names))
    for name in names:
        component = twin.get_pipe(name)
        for place, path in folders.items():
            if place.component == name:
                shim = onnx_shim_of(place.model_in(twin))
                if shim is None:
                    raise _odd(name)
                shim.restore(path)
        if isinstance(component, OnnxTransformer):
            component.loaded()
        else:
            _give(nlp.get_pipe(name), component, [p.node for p in folders if p.component == name])
    twin.assemble()
    return twin


def _block(name: str, component: Any, block: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a component with other encoders."""
    changed: dict[str, Any] = _replaced(copy.deepcopy(dict(block)))
    if isinstance(component, Transformer):
        if not _is(block.get("model", {}), TransformerModel):
            raise _odd(name)
        changed["factory"] = "onnx_transformer"
    return changed


def _replaced(block: Any) -> Any:
    """The same with blocks of exported encoders."""
    if not isinstance(block, dict):
        return block
    for kind, name in ((TransformerModel, "OnnxModel"), (Tok2VecTransformer, "Tok2VecOnnx")):
        if _is(block, kind):
            same = {key: block[key] for key in _SAME if key in block}
            return {"@architectures": f"spanloom.{name}.v1", **same}
    return {key: _replaced(value) for key, value in block.items()}


def _is(block: Any, kind: Any) -> bool:
    name = block.get("@architectures") if isinstance(block, Mapping) else None
    return name is not None and registry.get("architectures", name) is kind


def _give(mine: Any, theirs: Any, nodes: list[int]) -> None:
    """Give what a component has learned, but for its encoders, to its twin."""
    saved = msgpack.loads(mine.to_bytes())
    if not isinstance(saved, dict) or "model" not in saved:
        raise _odd(mine.name)
    message = srsly.msgpack_loads(saved["model"])
    layers = list(theirs.model.walk())
    for node in nodes:
        message["nodes"][node]["name"] = layers[node].name
        message["attrs"][node] = {}
        message["shims"][node] = [shim.to_bytes() for shim in layers[node].shims]
    saved["model"] = srsly.msgpack_dumps(message)
    theirs.from_bytes(msgpack.dumps(saved))


def _odd(name: str) -> PipelineError:
    return PipelineError(
        f"the encoder of '{name}' can't be exported: it is made by an architecture of its own, and "
        f"only those of TransformerModel and Tok2VecTransformer can"
    )
