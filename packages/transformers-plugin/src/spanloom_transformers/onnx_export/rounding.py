"""Graphs with fewer bits: weights in fp16, linear layers that multiply int8."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import PipelineError

try:
    from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper
except ImportError as error:
    raise PipelineError(
        "exporting needs the library onnx: pip install 'spanloom-transformers[onnx]'"
    ) from error

__all__ = ["halved", "linear_layers", "most_wrong", "rounded"]

Floats = NDArray[np.float32]

#: Weights smaller than that stay as they are.
_SMALL = 256

#: Rounded inputs lie within 127, weights within 63: on CPUs without instructions for int8, the sum
#: of two products of larger ones would leave 16 bits. So all CPUs give the same.
_INPUT, _WEIGHT = 127.0, 63.0


@dataclass(frozen=True)
class Linear:
    """A product with constant weights, shape ``(in, out)``, and the bias where it has one."""

    node: NodeProto
    weight: Floats
    bias: str | None


def linear_layers(model: ModelProto) -> dict[str, Linear]:
    """The linear layers of a graph by the name of their output, in order."""
    constants = {each.name: each for each in model.graph.initializer}
    found = {}
    for node in model.graph.node:
        if node.op_type not in ("MatMul", "Gemm") or node.input[1] not in constants:
            continue
        options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        odd = {"transA": 0, "alpha": 1.0, "beta": 1.0}
        if any(options.get(name, value) != value for name, value in odd.items()):
            continue
        weight = numpy_helper.to_array(constants[node.input[1]])
        if weight.ndim != 2 or weight.dtype != np.float32 or weight.size < _SMALL:
            continue
        bias = node.input[2] if len(node.input) > 2 and node.input[2] else None
        weight = np.ascontiguousarray(weight.T if options.get("transB") else weight)
        found[node.output[0]] = Linear(node, weight, bias)
    return found


def rounded(model: ModelProto, keep: Collection[str] = ()) -> ModelProto:
    """A copy of a graph whose linear layers, but for those in ``keep``, multiply int8, and whose
    other large weights are in fp16.

    Weights are rounded by column. Inputs are rounded as they come, by row, so that what a text
    gives doesn't depend on its batch.
    """
    layers = {name: each for name, each in linear_layers(model).items() if name not in keep}
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    done: set[str] = set()
    nodes: list[NodeProto] = []
    constants = [_constant("int8_tiny", 1e-12), _constant("int8_top", 1 / _INPUT)]
    constants += [_constant("int8_middle", 128.0), _constant("int8_one", 1.0)]
    constants.append(numpy_helper.from_array(np.array(128, dtype=np.uint8), "int8_zero"))
    constants.append(numpy_helper.from_array(np.array([-1], dtype=np.int64), "int8_axes"))
    for node in model.graph.node:
        layer = layers.get(node.output[0])
        if layer is None:
            nodes.append(node)
            continue
        source = node.input[0]
        if source not in done:  # queries, keys and values have the same
            done.add(source)
            nodes += _rounded_input(source)
        scales = np.maximum(np.abs(layer.weight).max(axis=0), 1e-12) / _WEIGHT
        weight = np.round(layer.weight / scales).astype(np.int8)
        target = node.output[0]
        constants.append(numpy_helper.from_array(weight, f"{target}_int8"))
        constants.append(numpy_helper.from_array(scales.astype(np.float32), f"{target}_scales"))
        nodes += _product(source, target, layer.bias)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    if all(each.domain != "com.microsoft" for each in result.opset_import):
        result.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    _drop_unused(result)
    return halved(result)


def _constant(name: str, value: float) -> TensorProto:
    return numpy_helper.from_array(np.array(value, dtype=np.float32), name)


def _rounded_input(name: str) -> Iterator[NodeProto]:
    """From ``name``: its rows as ``name_uint8`` around 128, and the ``name_scale`` of each."""
    steps = [
        ("Abs", [name], "abs"),
        ("ReduceMax", ["abs", "int8_axes"], "most"),
        ("Max", ["most", "int8_tiny"], "top"),
        ("Mul", ["top", "int8_top"], "scale"),
        ("Div", [name, "scale"], "divided"),
        ("Round", ["divided"], "round"),
        ("Add", ["round", "int8_middle"], "moved"),
        ("Cast", ["moved"], "uint8"),
    ]
    own = {target for _, _, target in steps}
    for kind, sources, target in steps:
        options: dict[str, Any] = {"to": TensorProto.UINT8} if kind == "Cast" else {}
        inputs = [f"{name}_{each}" if each in own else each for each in sources]
        yield helper.make_node(kind, inputs, [f"{name}_{target}"], **options)


def _product(source: str, target: str, bias: str | None) -> list[NodeProto]:
    """The product of integers, as floats by column, and then by row."""
    inputs = [f"{source}_uint8", f"{target}_int8", "int8_one", f"{target}_scales", "int8_zero"]
    last = target if bias is None else f"{target}_product"
    nodes = [
        helper.make_node(
            "MatMulIntegerToFloat", inputs, [f"{target}_columns"], domain="com.microsoft"
        ),
        helper.make_node("Mul", [f"{target}_columns", f"{source}_scale"], [last]),
    ]
    if bias is not None:
        nodes.append(helper.make_node("Add", [last, bias], [target]))
    return nodes


def halved(model: ModelProto) -> ModelProto:
    """A copy of a graph with its large weights in fp16. It computes in fp32: a table that rows are
    taken of stays in fp16, other weights are made larger when the graph is loaded."""
    result = ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    places: dict[str, set[tuple[str, int]]] = {}
    for node in graph.node:
        for number, name in enumerate(node.input):
            places.setdefault(name, set()).add((node.op_type, number))
    tables: set[str] = set()
    nodes: list[NodeProto] = []
    for number, constant in enumerate(graph.initializer):
        if constant.data_type != TensorProto.FLOAT:
            continue
        array, name = numpy_helper.to_array(constant), constant.name
        with np.errstate(over="ignore"):
            half = array.astype(np.float16)
        if array.size < _SMALL or not np.isfinite(half).all():
            continue
        graph.initializer[number].CopyFrom(numpy_helper.from_array(half, f"{name}_fp16"))
        if places.get(name) == {("Gather", 0)}:
            tables.add(name)
        else:
            nodes.append(helper.make_node("Cast", [f"{name}_fp16"], [name], to=TensorProto.FLOAT))
    for node in model.graph.node:
        if node.op_type != "Gather" or node.input[0] not in tables:
            nodes.append(node)
            continue
        copy, target = NodeProto(), node.output[0]
        copy.CopyFrom(node)
        copy.input[0], copy.output[0] = f"{node.input[0]}_fp16", f"{target}_fp16"
        nodes += [copy, helper.make_node("Cast", [f"{target}_fp16"], [target], to=1)]
    del graph.node[:]
    graph.node.extend(nodes)
    return result


def _drop_unused(model: ModelProto) -> None:
    """Take out constants that nothing reads any more."""
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    used |= {each.name for each in graph.output}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def most_wrong(model: ModelProto, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Sequence[str]:
    """The linear layers of a graph, those first whose output rounding changes most, by the share of
    its length, on padded ``ids``."""
    import onnxruntime

    layers = linear_layers(model)
    watched = ModelProto()
    watched.CopyFrom(model)
    known = {each.name for each in watched.graph.output}
    wanted = {name: each.node.input[0] for name, each in layers.items()}
    names = sorted({*wanted.values(), *wanted} - {"input_ids", "attention_mask"})
    watched.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in names
        if name not in known
    )
    session = onnxruntime.InferenceSession(
        watched.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = dict(zip(names, session.run(names, {"input_ids": ids, "attention_mask": mask})))
    errors = {}
    for name, layer in layers.items():
        rows = found[wanted[name]].reshape(-1, layer.weight.shape[0])
        exact = rows @ layer.weight
        near = _nearest(rows, 1, _INPUT) @ _nearest(layer.weight, 0, _WEIGHT)
        wrong, right = float(np.linalg.norm(near - exact)), float(np.linalg.norm(exact))
        errors[name] = wrong / max(right, 1e-12)
    return sorted(errors, key=errors.__getitem__, reverse=True)


def _nearest(values: Floats, axis: int, top: float) -> Floats:
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=True), 1e-12) / top
    nearest: Floats = np.round(values / scale) * scale
    return nearest
