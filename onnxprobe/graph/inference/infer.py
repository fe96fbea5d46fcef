"""Inference: what follows from a file about the type and shape of every tensor."""

from collections.abc import Collection, Iterator, Mapping
from math import prod
from typing import Final

import onnx
from onnx import checker, shape_inference

from onnxprobe.graph.disk.small import with_small
from onnxprobe.graph.inference import standins, trials
from onnxprobe.graph.value import Dim, Value, dtype_name, values_of

_SMALL: Final = 1024
"""Constants of up to so many elements may hold a shape; larger ones are weights."""
_LONG: Final = 1 << 20
"""Elements of a vector that is no shape, and takes a second where shapes are computed."""
_LIGHT: Final = 1 << 18
"""Elements of all weights in memory that are copied rather than looked for."""


def infer(proto: onnx.ModelProto) -> dict[str, Value]:
    """Return what is declared in the file or follows from it, for every tensor that has a type.

    ONNX's own inference loses symbols in the arithmetic that exporters write around a Reshape.
    Where it leaves holes it is asked again, with the small constants that lie on disk, and twice with
    numbers for the open sizes of the inputs (see ``trials``). A batch without a name is called
    ``"batch"``. A model that inference cannot digest keeps its declarations. No weights are read.
    """
    opened = trials.sizes(tuple(trials.open_sizes(proto.graph)))
    symbols = {size: size.symbol for size in opened}
    found = _infer(proto, symbols)
    if not _complete(proto.graph, found):
        whole = with_small(proto)
        found = found if whole is proto else _infer(whole, symbols)
        proto = whole
    if not opened or not any(map(has_holes, found.values())):
        return found
    small, large = (_infer(proto, {s: pair[i] for s, pair in opened.items()}) for i in (0, 1))
    tried = {size.symbol: pair for size, pair in opened.items() if size.symbol}
    return {name: _filled(value, small, large, tried) for name, value in found.items()}


def stored(graph: onnx.GraphProto) -> Iterator[Value]:
    """Yield the constants that a graph holds; of a sparse one, what is not zero."""
    sparse = (tensor.values for tensor in graph.sparse_initializer)
    for tensor in (*graph.initializer, *sparse):
        yield Value(tensor.name, dtype_name(tensor.data_type), tuple(tensor.dims[:]))


def has_holes(value: Value) -> bool:
    """Tell whether a size of ``value``, or even how many it has, is unknown."""
    return value.shape is None or None in value.shape


def _complete(graph: onnx.GraphProto, found: Mapping[str, Value]) -> bool:
    if any(map(has_holes, found.values())):
        return False
    return all(name in found for node in graph.node for name in node.output if name)


def _infer(proto: onnx.ModelProto, given: Mapping[trials.Open, Dim]) -> dict[str, Value]:
    """Infer once; and again with the arithmetic of shapes where that may fill holes.

    For that arithmetic ONNX makes room for every element of every vector, be it of shapes or not.
    """
    bare = _without_weights(proto, given).SerializeToString()  # of several copies, the smallest
    here = {value.name: value for value in stored(proto.graph)}
    found = _read(_inferred(bare, arithmetic=False), frozenset(given.values()))
    if any(map(has_holes, found.values())) and not any(map(_is_long, found.values())):
        found = _read(_inferred(bare, arithmetic=True), frozenset(given.values()))
    return here | found


def _inferred(bare: bytes, *, arithmetic: bool) -> onnx.GraphProto:
    try:
        return shape_inference.infer_shapes(bare, data_prop=arithmetic).graph
    except (shape_inference.InferenceError, checker.ValidationError, RuntimeError, ValueError):
        return onnx.ModelProto.FromString(bare).graph


def _read(graph: onnx.GraphProto, symbols: Collection[Dim]) -> dict[str, Value]:
    infos = (*graph.value_info, *graph.input, *graph.output)
    theirs = (info for info in infos if not info.name.startswith(standins.INNER))
    found = values_of(theirs, lambda info: _honest(Value.of(info), symbols))
    return {value.name: value for value in found}


def _is_long(value: Value) -> bool:
    shape = value.shape
    return shape is not None and len(shape) == 1 and isinstance(shape[0], int) and shape[0] > _LONG


def _without_weights(proto: onnx.ModelProto, given: Mapping[trials.Open, Dim]) -> onnx.ModelProto:
    """Return a copy without large constants, the open sizes of its inputs as ``given``.

    What the file declares of other tensors is left out where numbers are given: it speaks of
    symbols.
    """
    bare = _light(proto)
    graph = bare.graph
    graph.name = graph.name or "graph"
    if any(opset.domain == standins.DOMAIN for opset in bare.opset_import):
        standins.put_in(graph)
    inputs = {info.name: info for info in graph.input}
    for size, dim in given.items():
        info = inputs[size.tensor]
        if size.axis < len(
            info.type.tensor_type.shape.dim
        ):  # an input that is listed twice may differ
            _set(info, size.axis, dim)
    if not any(isinstance(dim, int) for dim in given.values()):
        return bare
    del graph.value_info[:]
    for info in graph.output:
        info.type.tensor_type.ClearField("shape")
    return bare


def _light(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy without the data of large constants.

    Mostly that is on disk, and there is none to leave out: to copy the whole is ten times as fast.
    """
    new = onnx.ModelProto()
    here = (t for t in proto.graph.initializer if t.data_location != onnx.TensorProto.EXTERNAL)
    if sum(count for count in (prod(t.dims) for t in here) if count > _SMALL) <= _LIGHT:
        new.CopyFrom(proto)
        return new
    new.ir_version = proto.ir_version
    for field in ("opset_import", "functions"):
        getattr(new, field).extend(getattr(proto, field))
    for field in ("node", "input", "output", "value_info", "sparse_initializer"):
        getattr(new.graph, field).extend(getattr(proto.graph, field))
    new.graph.initializer.extend(map(_shown, proto.graph.initializer))
    return new


def _set(info: onnx.ValueInfoProto, axis: int, dim: Dim) -> None:
    place = info.type.tensor_type.shape.dim[axis]
    place.Clear()
    if isinstance(dim, int):
        place.dim_value = dim
    elif dim is not None:
        place.dim_param = dim


def _shown(tensor: onnx.TensorProto) -> onnx.TensorProto:
    """Return ``tensor`` as far as the shapes of others depend on it."""
    dims = tensor.dims
    if prod(dims) <= _SMALL:
        return tensor
    return onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=dims)


def _honest(value: Value, symbols: Collection[Dim]) -> Value:
    """Leave out symbols that no input has: what they stand for is not known, or follows."""
    said = [d for d in value.shape or () if isinstance(d, str)]
    strange = {d for d in said if d not in symbols and d.partition("*")[2] not in symbols}
    if not strange or value.shape is None:
        return value
    return Value(value.name, value.dtype, tuple(None if d in strange else d for d in value.shape))


def _filled(
    value: Value,
    small: Mapping[str, Value],
    large: Mapping[str, Value],
    tried: Mapping[str, trials.Sizes],
) -> Value:
    a, b = (run[value.name].shape if value.name in run else None for run in (small, large))
    if a is None or b is None:
        return value
    return Value(value.name, value.dtype, trials.merged(value.shape, a, b, tried))
