"""What models of spaCy's and ours don't share, in their bytes."""

from __future__ import annotations

from spanloom.io import msgpack

__all__ = ["without_refs"]


def without_refs(model: bytes) -> bytes:
    """A model's bytes that leave the names of its nodes to the model that reads them."""
    message = msgpack.loads(model)
    for node in message["nodes"]:
        node["refs"] = {}
    return msgpack.dumps(message)
