"""Files of pretrained weights: what they hold, and how they get into an encoder.

Such a file is what thinc's ``Model.to_bytes`` gives for the encoder, with one more key,
``spanloom``, that says what it is. Files that ``spacy pretrain`` wrote load as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import PipelineError, SerializationError
from spanloom.io import msgpack
from spanloom.io.files import existing

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom.pipeline.state import PipelineState

FORMAT = 1
"""Version of what stands under the key ``spanloom`` in a file of weights."""

_SHOWN = 6


@dataclass(frozen=True)
class LoadedWeights:
    """Weights that were loaded: all ``tensors`` of the encoder, whose hash is ``hash`` now."""

    source: str
    target: str
    tensors: int
    hash: str


def weights_hash(model: Model[Any, Any]) -> str:
    """A hash of all weights of ``model``, 32 hex digits: of names, shapes, types and values of the
    parameters, in the order of the layers, and of what shims hold."""
    digest = hashlib.blake2b(digest_size=16)
    ops: Any = model.ops  # thinc doesn't annotate the method
    for place, name, value in _tensors(model):
        if isinstance(value, bytes):
            digest.update(f"{place} {name} {len(value)}".encode())
            digest.update(value)
        else:
            array = np.ascontiguousarray(ops.to_numpy(value))
            digest.update(f"{place} {name} {array.dtype.str} {array.shape}".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()


def _tensors(model: Model[Any, Any]) -> Iterator[tuple[int, str, Any]]:
    shim: Any
    for place, node in enumerate(model.walk()):
        for name in sorted(node.param_names):
            yield place, name, node.get_param(name)
        for number, shim in enumerate(node.shims):
            yield place, f"shim {number}", shim.to_bytes()


def encoder_bytes(encoder: Model[Any, Any], about: Mapping[str, Any]) -> bytes:
    """The weights of an encoder with their hash, and with ``about``: the ``component`` and
    ``layer`` where it stands, and the ``architecture``, the config of the component's model."""
    message = encoder.to_dict()
    message["spanloom"] = {"format": FORMAT, "hash": weights_hash(encoder), **about}
    return msgpack.dumps(message)


def find_encoder(nlp: PipelineState, component: str, layer: str = "") -> Model[Any, Any]:
    """The subnetwork to pretrain: the whole model of a component, or the node that the reference
    ``layer`` of it leads to. For a listener, it is the model of the encoder that it listens to.

    Raises :class:`PipelineError`, which lists what there is, if there is no such component or node.
    """
    models = {name: each.model for name, each in nlp.order.components if hasattr(each, "model")}
    if component not in models:
        have = ", ".join(map(repr, models)) or "none"
        raise PipelineError(
            f"[pretraining] component is '{component}', but the pipeline has no component of that "
            f"name with a model (it has: {have})"
        )
    model = models[component]
    node = model.maybe_get_ref(layer) if layer in model.ref_names else None
    if layer and node is None:
        have = ", ".join(repr(name) for name in model.ref_names if model.has_ref(name)) or "none"
        raise PipelineError(
            f"[pretraining] layer is '{layer}', but the model of '{component}' has no reference of "
            f'that name (it has: {have}; "" is the whole model)'
        )
    found: Model[Any, Any] = model if node is None else node
    if "link" in found.attrs:
        nlp.links.assemble()
        return find_encoder(nlp, found.attrs["link"].producer)
    return found


def init_tok2vec(nlp: PipelineState, path: str | Path) -> LoadedWeights:
    """Load a file of pretrained weights into the encoder that ``[pretraining]`` names in the
    pipeline's config; without it, into the one that the file was made for.

    Raises what :func:`find_encoder` and :func:`apply_weights` raise, and
    :class:`MissingFileError`.
    """
    path = existing(path, "file of pretrained weights ([initialize] init_tok2vec)")
    message = _message(path.read_bytes(), path.name)
    about = message.get("spanloom", {})
    config = nlp.config.interpolate()
    section = config.get("pretraining") or about
    component, layer = section.get("component", "tok2vec"), section.get("layer", "")
    encoder = find_encoder(nlp, component, layer)
    target = f"{component}.{layer}" if layer else component
    here = config["components"].get(component, {}).get("model", {})
    return _apply(encoder, message, path.name, target, here)


def apply_weights(
    encoder: Model[Any, Any], data: bytes, *, source: str = "bytes", target: str = "encoder"
) -> LoadedWeights:
    """Load weights into an initialized encoder, all of them or none.

    Raises :class:`SerializationError` if any tensor doesn't fit, naming those that don't.
    """
    return _apply(encoder, _message(data, source), source, target, {})


def _message(data: bytes, source: str) -> dict[str, Any]:
    try:
        message = msgpack.loads(data)
    except Exception as error:
        raise SerializationError(f"{source} isn't a file of weights: {error}") from error
    if not isinstance(message, dict) or not {"nodes", "attrs", "params"} <= message.keys():
        raise SerializationError(
            f"{source} isn't a file of weights: it must be what 'spanloom pretrain' or "
            f"'spacy pretrain' writes, such as model-best.bin"
        )
    return message


def _apply(
    encoder: Model[Any, Any],
    message: dict[str, Any],
    source: str,
    target: str,
    here: Mapping[str, Any],
) -> LoadedWeights:
    about = message.pop("spanloom", {})
    problems, total = _compare(encoder, message)
    if problems or not total:
        lines = [*problems[:_SHOWN], *(["..."] if len(problems) > _SHOWN else [])]
        lines += _differences(about.get("architecture", {}), here)
        raise SerializationError(
            "\n  ".join(
                [
                    f"the weights in {source} don't fit the encoder of '{target}', none was "
                    f"applied: {total - min(len(problems), total)} of {total} tensors fit. Train "
                    f"with the architecture that was pretrained, or pretrain this one",
                    *lines,
                ]
            )
        )
    encoder.from_dict(message)
    result = LoadedWeights(source, target, total, weights_hash(encoder))
    if about.get("hash", result.hash) != result.hash:
        raise SerializationError(
            f"the weights in {source} have the hash {result.hash}, and the file says "
            f"{about['hash']}: it is damaged, make or copy it again"
        )
    return result


def _compare(encoder: Model[Any, Any], message: Mapping[str, Any]) -> tuple[list[str], int]:
    """What doesn't fit, and the number of tensors in the encoder."""
    nodes = list(encoder.walk())
    total = sum(len(node.param_names) + len(node.shims) for node in nodes)
    params = message["params"]
    if len(params) != len(nodes):
        return [f"the file has {len(params)} layers, the encoder has {len(nodes)}"] * total, total
    problems = []
    for place, node in enumerate(nodes):
        sizes = message["nodes"][place].get("dims", {}) if node.shims else {}
        problems += [
            f"layer {place} ({node.name}), {name}: {size} in the file, {node.get_dim(name)} here"
            for name, size in sizes.items()
            if size is not None and node.has_dim(name) and node.get_dim(name) != size
        ]
        for name in dict.fromkeys([*node.param_names, *params[place]]):
            given = params[place].get(name)
            here = node.get_param(name) if node.has_param(name) else None
            shapes = [None if each is None else tuple(each.shape) for each in (given, here)]
            if shapes[0] != shapes[1] or given is None:
                problems.append(
                    f"layer {place} ({node.name}), {name}: {shapes[0] or 'nothing'} in the file, "
                    f"{shapes[1] or 'nothing'} here"
                )
        shims = message.get("shims", [[]] * len(nodes))[place]
        if len(shims) != len(node.shims):
            problems.append(f"layer {place} ({node.name}): another number of shims")
    return problems, total


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], path: str = "") -> list[str]:
    """The settings of two architectures that differ, a line for each."""
    found = []
    for key in dict.fromkeys([*there, *here]) if there and here else ():
        one, two = there.get(key), here.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found += _differences(one, two, f"{path}{key}.")
        elif one != two:
            values = f"{json.dumps(one)} when pretrained, {json.dumps(two)} here"
            found.append(f"{path}{key}: {values}")
    return found
