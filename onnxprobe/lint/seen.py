"""Inputs and outputs as ONNX Runtime sees them once it has loaded a file, found without loading it.

When it loads a file, ONNX Runtime merges what shape inference finds into what the graph declares:
a size that inference can compute takes the place of a symbol.
"""

import onnx

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value, values_of

ANY = -1
"""A size that is open."""


def inputs(model: Model) -> tuple[Value, ...]:
    """Return what requests bring; weights that older files list as inputs are left out."""
    infos = {info.name: info for info in model.proto.graph.input}
    return tuple(values_of(infos[name] for name in model.inputs))


def outputs(model: Model) -> tuple[Value, ...]:
    """Return what the graph gives, in order, with every size that inference knows."""
    found = model.values
    said = values_of(model.proto.graph.output)
    return tuple(_merged(value, found.get(value.name)) for value in said)


def sizes(value: Value) -> tuple[int, ...] | None:
    """Return the shape with -1 for what is open; ``None`` where the rank is not known."""
    if value.shape is None:
        return None
    return tuple(size if isinstance(size, int) else ANY for size in value.shape)


def kind(info: onnx.ValueInfoProto) -> str:
    """Return ``"tensor"``, ``"sequence"``, ``"map"`` and so on; a tensor where nothing is said."""
    return (info.type.WhichOneof("value") or "tensor_type").removesuffix("_type")


def _merged(declared: Value, inferred: Value | None) -> Value:
    if inferred is None or inferred.shape is None:
        return declared
    if declared.shape is None or len(declared.shape) != len(inferred.shape):
        return Value(declared.name, declared.dtype or inferred.dtype, inferred.shape)
    pairs = zip(declared.shape, inferred.shape, strict=True)
    shape = tuple(old if isinstance(old, int) or new is None else new for old, new in pairs)
    return Value(declared.name, declared.dtype or inferred.dtype, shape)
