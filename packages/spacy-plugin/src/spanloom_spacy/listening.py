"""Listeners to transformers, which are more layers in spaCy's models than in ours.

A model is saved as the list of its nodes, breadth first. Here one of ours is walked as if its
listeners were spaCy's, which says what the nodes in that list are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from spanloom.errors import SerializationError
from spanloom.io import msgpack

__all__ = ["as_ours", "as_spacys", "listens"]

_LISTENER = "transformer-listener"
#: What there is of a node in a message.
_KEYS = ("nodes", "attrs", "params", "shims")


def listens(model: Any) -> bool:
    """Whether a model of ours has listeners to a transformer."""
    return any(node.name == _LISTENER for node in model.walk())


def as_ours(data: bytes | Mapping[str, Any], model: Any) -> dict[str, Any]:
    """What is in the bytes of a model of spaCy's, which may be unpacked, as it is in those of
    ``model``. Raises :class:`SerializationError` where it has other nodes."""
    message = msgpack.loads(data) if isinstance(data, bytes) else data
    trees = [list(_spacys(model, curated=curated)) for curated in (False, True)]
    tree = next((each for each in trees if len(each) == len(message["nodes"])), None)
    if tree is None:
        raise SerializationError(f"it has {len(message['nodes'])} layers, and not {len(trees[0])}")
    places = {id(node): at for at, node in enumerate(tree) if node is not None}
    order = list(model.walk())
    taken = {key: [message[key][places[id(node)]] for node in order] for key in _KEYS}
    for at, (info, node) in enumerate(zip(taken["nodes"], order, strict=True)):
        dims = {name: size for name, size in info["dims"].items() if name in node.dim_names}
        info.update(index=at, name=node.name, dims=dims, refs={})
        if node.name == _LISTENER:
            taken["attrs"][at] = {}
    return {**message, **taken}


def as_spacys(data: bytes, model: Any) -> bytes:
    """The bytes of ``model`` as those of the model that spaCy makes of the same config."""
    message = msgpack.loads(data)
    order = list(model.walk())
    places = {id(node): at for at, node in enumerate(order)}
    theirs = {id(node): at for at, node in enumerate(_spacys(model)) if node is not None}
    made: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for at, node in enumerate(_spacys(model)):
        own = None if node is None else {key: message[key][places[id(node)]] for key in _KEYS}
        nothing = {"nodes": {"name": "", "dims": {}}, "attrs": {}, "params": {}, "shims": []}
        for key, value in (own or nothing).items():
            made[key].append(value)
        refs = (made["nodes"][-1].get("refs") or {}).items()
        named = {name: theirs[id(order[one])] for name, one in refs if one is not None}
        made["nodes"][-1] = {**made["nodes"][-1], "index": at, "refs": named}
        if node is not None and node.name == _LISTENER:
            made["nodes"][-1].update(dims={}, refs={})
            made["attrs"][-1] = {}
    return msgpack.dumps({**message, **made})


def _spacys(model: Any, *, curated: bool = False) -> Iterator[Any]:
    """The nodes of a model as spaCy's has them, in order; ``None`` for one that ours hasn't."""
    seen = set()
    todo: deque[Any] = deque([model])
    while todo:
        node = todo.popleft()
        if isinstance(node, _Layer):
            todo.extend(node.layers)
            yield None
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if node.name == _LISTENER:
            # The listener proper, and what makes arrays of its output by the pooling.
            todo.extend([_Layer(node.layers)] if curated else [_Layer([]), _Layer(node.layers)])
        else:
            todo.extend(node.layers)


class _Layer:
    """A layer of spaCy's without anything that is saved."""

    def __init__(self, layers: list[Any]) -> None:
        self.layers = layers
