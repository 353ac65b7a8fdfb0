"""Looking into a file of ONNX before it runs: it must be whole in itself, and of known operators.

The format is that of protobuf, of which the few fields that matter are read here; so that what
runs a pipeline needs no library for making graphs.
"""

from __future__ import annotations

from collections.abc import Iterator

from spanloom.errors import SerializationError

__all__ = ["check_graph"]

#: Operators of ONNX itself, and those that ONNX Runtime makes of several in one.
_DOMAINS = frozenset({b"", b"ai.onnx", b"ai.onnx.ml", b"com.microsoft"})

# Numbers of fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
_GRAPH_OF_MODEL, _FUNCTION_OF_MODEL, _OPSET_OF_MODEL = 7, 25, 8
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15
_ATTRIBUTE, _NODE_DOMAIN = 5, 7
_TENSOR_OF_ATTRIBUTE, _GRAPH_OF_ATTRIBUTE = 5, 6
_TENSORS_OF_ATTRIBUTE, _GRAPHS_OF_ATTRIBUTE, _SPARSE_OF_ATTRIBUTE, _SPARSES = 10, 11, 22, 23
_NODE_OF_FUNCTION = 7
_EXTERNAL, _LOCATION = 13, 14

#: Graphs in graphs, deeper than any that is made.
_DEEPEST = 16


def check_graph(content: memoryview, source: str) -> None:
    """Raise :class:`SerializationError` for a graph that reads other files, or that has operators
    of others than ONNX and ONNX Runtime; the rest is left to ONNX Runtime."""
    try:
        for field, part in _fields(content):
            if field == _GRAPH_OF_MODEL:
                _check(part, source, 0)
            elif field == _FUNCTION_OF_MODEL:
                for inner, node in _fields(part):
                    if inner == _NODE_OF_FUNCTION:
                        _check_node(node, source, 1)
            elif field == _OPSET_OF_MODEL:
                _check_domain(dict(_fields(part)).get(1, memoryview(b"")), source)
    except (IndexError, ValueError) as error:
        raise SerializationError(f"{source} isn't a file of ONNX ({error})") from None


def _check(graph: memoryview, source: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("graphs within graphs without end")
    for field, part in _fields(graph):
        if field == _NODE:
            _check_node(part, source, depth)
        elif field == _INITIALIZER:
            _check_tensor(part, source)
        elif field == _SPARSE:
            _check_sparse(part, source)


def _check_node(node: memoryview, source: str, depth: int) -> None:
    for field, part in _fields(node):
        if field == _NODE_DOMAIN:
            _check_domain(part, source)
        elif field == _ATTRIBUTE:
            for inner, value in _fields(part):
                if inner in (_TENSOR_OF_ATTRIBUTE, _TENSORS_OF_ATTRIBUTE):
                    _check_tensor(value, source)
                elif inner in (_GRAPH_OF_ATTRIBUTE, _GRAPHS_OF_ATTRIBUTE):
                    _check(value, source, depth + 1)
                elif inner in (_SPARSE_OF_ATTRIBUTE, _SPARSES):
                    _check_sparse(value, source)


def _check_sparse(sparse: memoryview, source: str) -> None:
    for _, tensor in _fields(sparse):
        _check_tensor(tensor, source)


def _check_domain(domain: memoryview, source: str) -> None:
    if bytes(domain) not in _DOMAINS:
        raise SerializationError(
            f"{source} has operators of {bytes(domain)[:60]!r}, and an encoder that `spanloom "
            f"transformers export` wrote has those of ONNX and ONNX Runtime alone"
        )


def _check_tensor(tensor: memoryview, source: str) -> None:
    for field, _ in _fields(tensor, numbers=True):
        if field in (_EXTERNAL, _LOCATION):
            raise SerializationError(
                f"{source} takes weights from another file, which an encoder that `spanloom "
                f"transformers export` wrote never does"
            )


def _fields(message: memoryview, *, numbers: bool = False) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field that holds bytes; with ``numbers``, those of numbers that
    aren't 0 too, without content."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 2:
            size, at = _varint(message, at)
            if size > end - at:
                raise ValueError("it ends early")
            yield tag >> 3, message[at : at + size]
            at += size
        elif kind == 0:
            value, at = _varint(message, at)
            if numbers and value:
                yield tag >> 3, message[:0]
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
            if at > end:
                raise ValueError("it ends early")
        else:
            raise ValueError(f"a field of kind {kind}")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a number without end")
