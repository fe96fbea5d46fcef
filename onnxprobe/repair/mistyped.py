"""Tensors that are declared with another type than the node has that writes them.

What converts a file to half precision may leave declarations of float32 behind, and ONNX Runtime
refuses the file for it.
"""

from typing import Final

import onnx

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value, element_type
from onnxprobe.repair._base import Ailment, Names, copied


def find(model: Model) -> Names:
    """Name the tensors whose declared type is not what follows from the nodes."""
    said = {info.name: Value.of(info).dtype for info in _declarations(model.proto)}
    there = {name: dtype for name, dtype in said.items() if dtype and name in model.producers}
    types = _types(model) if there else {}
    return tuple(name for name, dtype in there.items() if types.get(name, dtype) != dtype)


def mend(model: Model, names: Names) -> Model:
    """Declare them with the type that follows; their shapes stay."""
    new, wrong, types = copied(model), frozenset(names), _types(model)
    for info in _declarations(new):
        if info.name in wrong:
            info.type.tensor_type.elem_type = element_type(types[info.name])
    return Model(new, model.known)


def _declarations(proto: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    return [*proto.graph.value_info, *proto.graph.output]


def _types(model: Model) -> dict[str, str]:
    """Return the types that shape inference knows where nothing is declared of what nodes write."""
    bare = copied(model)
    del bare.graph.value_info[:]
    for info in bare.graph.output:
        info.ClearField("type")
    values = Model(bare).values.values()
    return {value.name: value.dtype for value in values if value.dtype is not None}


MISTYPED: Final = Ailment(
    "mistyped",
    "tensors declared with a type that their nodes do not write",
    "declared with the one that they write",
    find,
    mend,
)
