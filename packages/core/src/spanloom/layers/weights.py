"""Reading the weights of a model, and which of them may be read."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import SerializationError
from ..io import msgpack as _msgpack

if TYPE_CHECKING:
    from thinc.api import Model

__all__ = ["refuse_pickles", "take_weights"]

#: From here on, torch reads weights by an unpickler that makes nothing but tensors.
_SAFE_TORCH = (2, 6)


def take_weights(model: Model[Any, Any], weights: bytes | Mapping[str, Any]) -> None:
    """Give a model the weights that its ``to_bytes`` packed, packed or unpacked; arrays leave the
    unpacked message as they are taken. Raises :class:`SerializationError` as
    :func:`refuse_pickles` does, and many others for weights that don't fit."""
    from thinc.model import deserialize_attr

    refuse_pickles(model)
    message = _msgpack.loads(weights) if isinstance(weights, bytes) else weights
    nodes = list(model.walk())
    attrs, params = message["attrs"], message["params"]
    nothing: list[dict[str, Any]] = [{}] * len(nodes)
    with _msgpack.collecting():
        model.from_dict({**message, "attrs": nothing, "params": nothing})
        for node, values in zip(nodes, attrs, strict=True):
            for name, value in values.items():
                before = node.attrs.get(name)
                read = deserialize_attr.dispatch(type(before))
                # thinc's way for plain values asks all installed packages for decoders each time.
                plain = read is deserialize_attr.dispatch(object)
                node.attrs[name] = (
                    _msgpack.loads(value) if plain else read(before, value, name, node)
                )
    for node, arrays in zip(nodes, params, strict=True):
        for name in list(arrays):
            array: Any = arrays.pop(name)
            copied: Any = None if array is None else node.ops.asarray(array).copy()
            node.set_param(name, copied)


def refuse_pickles(model: Model[Any, Any]) -> None:
    """Raise :class:`SerializationError` for a model with a layer of thinc's whose weights would be
    unpickled, or read as a program: whoever wrote them could run code."""
    for node in model.walk():
        for shim in node.shims:
            kind = type(shim)
            if not kind.__module__.startswith("thinc.shims"):
                continue
            if kind.__name__ != "PyTorchShim" or _torch() < _SAFE_TORCH:
                safe = ".".join(map(str, _SAFE_TORCH))
                raise SerializationError(
                    f"weights of the layer '{node.name}' ({kind.__name__}) can't be read safely: "
                    f"of thinc's layers around other libraries, only those of PyTorch are read, "
                    f"with torch {safe} or later, which doesn't run what is in a file"
                )


def _torch() -> tuple[int, ...]:
    version = str(getattr(sys.modules.get("torch"), "__version__", "0"))
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
