"""Shapes: what follows from the file about every tensor, and the shape of one sample."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import onnx
from onnx import checker, shape_inference

from onnxprobe.graph import trials, weights
from onnxprobe.graph.value import Dim, Value, dtype_name

if TYPE_CHECKING:
    from onnxprobe.graph.model import Model

_SMALL: Final = 1024
"""Constants of up to so many elements may hold a shape; larger ones are weights."""
_MADE_UP: Final = "unk__"
"""How ONNX begins the symbols it makes up for sizes it does not know."""


def infer(proto: onnx.ModelProto) -> dict[str, Value]:
    """Return what is declared in the file or follows from it, for every tensor that has a type.

    ONNX's own inference loses symbols in the arithmetic that exporters write around a Reshape.
    Where it leaves holes it is asked again, twice, with numbers for the open sizes of the inputs
    (see ``graph.trials``). A batch without a name is called ``"batch"``. A model that inference
    cannot digest keeps its declarations. No weights are read.
    """
    opened = trials.sizes(tuple(trials.open_sizes(proto.graph)))
    found = _infer(proto, {size: size.symbol for size in opened})
    if not opened or not any(has_holes(value) for value in found.values()):
        return found
    small, large = (_infer(proto, {s: pair[i] for s, pair in opened.items()}) for i in (0, 1))
    tried = {size.symbol: pair for size, pair in opened.items() if size.symbol}
    return {name: _filled(value, small, large, tried) for name, value in found.items()}


def has_holes(value: Value) -> bool:
    """Tell whether a size of ``value``, or even how many it has, is unknown."""
    return value.shape is None or None in value.shape


def batch_of(model: "Model") -> Dim:
    """Return the batch: the first size of the first input that has one."""
    shapes = (model.values[name].shape for name in model.inputs if name in model.values)
    return next((shape[0] for shape in shapes if shape), None)


def sample_shape(model: "Model", tensor: str) -> tuple[int | None, ...] | None:
    """Return the shape of one sample of ``tensor``, if its first axis is the batch.

    ``None`` where the shape is not known, or where the first axis is something else: windows of
    a picture, or positions of a sequence whose batch comes second.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    value = model.value(tensor)
    if not value.shape or not batch_first(value, batch_of(model)):
        return None
    return tuple(map(_number, value.shape[1:]))


def batch_first(value: Value, batch: Dim) -> bool:
    """Tell whether the first axis of ``value`` is the batch, or may be as far as is known.

    A 1 may be: exporters write the batch they traced with into a Reshape.

    >>> batch_first(Value("positions", "float32", (50, "N", 2048)), "N")
    False
    """
    if not value.shape:
        return False
    first = value.shape[0]
    if first == batch or batch in value.shape:
        return first == batch
    if isinstance(first, int):
        return _written_in(first, batch)
    return _times(first, batch) is None


def per_sample(value: Value, batch: Dim) -> tuple[int | None, ...] | None:
    """Return the shape of ``value`` without the batch; sizes that are not known are ``None``.

    Where a sample takes several rows (the windows of a picture), their number comes first.

    >>> per_sample(Value("map", "float32", ("N", 512, 7, 7)), "N")
    (512, 7, 7)
    >>> per_sample(Value("positions", "float32", (50, 1, 2048)), 1)
    (50, 2048)
    >>> per_sample(Value("windows", "float32", ("64*N", 49, 96)), "N")
    (64, 49, 96)
    """
    shape = value.shape
    if shape is None:
        return None
    if not shape:
        return ()
    if batch is not None and batch in shape:
        at = shape.index(batch)
        return tuple(map(_number, (*shape[:at], *shape[at + 1 :])))
    rows = _times(shape[0], batch)
    if rows is not None:
        return (rows, *map(_number, shape[1:]))
    fixed = isinstance(shape[0], int) and not _written_in(shape[0], batch)
    return tuple(map(_number, shape if fixed else shape[1:]))


def one_sample(value: Value, batch: Dim) -> tuple[int | None, ...] | None:
    """Return all sizes of ``value`` when the model is fed one sample.

    A batch that is written into the file as a number stays as it is.

    >>> one_sample(Value("windows", "float32", ("64*N", 49, 96)), "N")
    (64, 49, 96)
    """
    if value.shape is None:
        return None
    if not isinstance(batch, str):
        return tuple(map(_number, value.shape))
    return tuple(1 if d == batch else _times(d, batch) or _number(d) for d in value.shape)


def _infer(proto: onnx.ModelProto, given: Mapping[trials.Open, Dim]) -> dict[str, Value]:
    bare = _without_weights(proto, given)
    try:
        graph = shape_inference.infer_shapes(bare, data_prop=True).graph
    except (shape_inference.InferenceError, checker.ValidationError, RuntimeError, ValueError):
        graph = bare.graph
    found = {t.name: Value(t.name, dtype_name(t.data_type), tuple(t.dims)) for t in _stored(proto)}
    symbols = frozenset(given.values())
    types: dict[bytes, Value] = {}
    for info in (*graph.value_info, *graph.input, *graph.output):
        key = info.type.SerializeToString()  # a network has few types: each is read once
        if key not in types:
            types[key] = _honest(Value.of(info), symbols)
        found[info.name] = Value(info.name, types[key].dtype, types[key].shape)
    return found


def _without_weights(proto: onnx.ModelProto, given: Mapping[trials.Open, Dim]) -> onnx.ModelProto:
    """Return a copy without large constants, the open sizes of its inputs as ``given``.

    What the file declares of other tensors is left out where numbers are given: it speaks of
    symbols.
    """
    bare = onnx.ModelProto(ir_version=proto.ir_version)
    bare.opset_import.extend(proto.opset_import)
    bare.functions.extend(proto.functions)
    graph, old = bare.graph, proto.graph
    graph.name = old.name or "graph"
    graph.node.extend(old.node)
    graph.input.extend(old.input)
    graph.output.extend(old.output)
    graph.initializer.extend(t if _is_small(t) else weights.header(t) for t in old.initializer)
    graph.sparse_initializer.extend(old.sparse_initializer)
    inputs = {info.name: info for info in graph.input}
    for size, dim in given.items():
        _set(inputs[size.tensor], size.axis, dim)
    if not any(isinstance(dim, int) for dim in given.values()):
        graph.value_info.extend(old.value_info)
        return bare
    for info in graph.output:
        info.type.tensor_type.ClearField("shape")
    return bare


def _set(info: onnx.ValueInfoProto, axis: int, dim: Dim) -> None:
    place = info.type.tensor_type.shape.dim[axis]
    place.Clear()
    if isinstance(dim, int):
        place.dim_value = dim
    elif dim is not None:
        place.dim_param = dim


def _is_small(tensor: onnx.TensorProto) -> bool:
    count = 1
    for size in tensor.dims:
        count *= size
    return count <= _SMALL


def _stored(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from proto.graph.initializer
    yield from (sparse.values for sparse in proto.graph.sparse_initializer)


def _honest(value: Value, symbols: Collection[Dim]) -> Value:
    """Leave out symbols that ONNX made up; tf2onnx calls its own likewise."""
    made_up = {
        d for d in value.shape or () if isinstance(d, str) and d.startswith(_MADE_UP)
    }.difference(symbols)
    if not made_up or value.shape is None:
        return value
    return Value(value.name, value.dtype, tuple(None if d in made_up else d for d in value.shape))


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


def _times(dim: Dim, batch: Dim) -> int | None:
    """Return k where ``dim`` is written ``"k*batch"``."""
    if not isinstance(dim, str) or not isinstance(batch, str):
        return None
    number, star, rest = dim.partition("*")
    return int(number) if star and rest == batch and number.isdecimal() else None


def _written_in(dim: Dim, batch: Dim) -> bool:
    """Tell whether ``dim`` is a batch of 1 in a file that otherwise leaves the batch open."""
    return dim == 1 and not isinstance(batch, int)


def _number(dim: Dim) -> int | None:
    return dim if isinstance(dim, int) else None
