"""Tensors that are declared with another type than the node has that writes them.

What converts a file to half precision may leave declarations of float32 behind, and ONNX Runtime
refuses the file for it.
"""

from typing import Final

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value, element_type
from onnxprobe.repair._base import Ailment, Names, copied, declarations, following, redeclared


def find(model: Model) -> Names:
    """Name the tensors whose declared type is not what follows from the nodes."""
    said = {info.name: Value.of(info).dtype for info in declarations(model.proto)}
    there = {name: dtype for name, dtype in said.items() if dtype and name in model.producers}
    types = _types(model) if there else {}
    return tuple(name for name, dtype in there.items() if types.get(name, dtype) != dtype)


def mend(model: Model, names: Names) -> Model:
    """Declare them with the type that follows; their shapes stay."""
    new, wrong, types = copied(model), frozenset(names), _types(model)
    for info in declarations(new):
        if info.name in wrong:
            info.type.tensor_type.elem_type = element_type(types[info.name])
    return redeclared(model, new)


def _types(model: Model) -> dict[str, str]:
    return {v.name: v.dtype for v in following(model).values() if v.dtype is not None}


MISTYPED: Final = Ailment(
    "mistyped",
    "tensors declared with a type that their nodes do not write",
    "declared with the one that they write",
    find,
    mend,
)
