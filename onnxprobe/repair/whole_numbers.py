"""Whole numbers in the other width than an operator takes: a shape, axes or pads in int32.

Converters from frameworks whose shapes are int32 write them; the numbers mean the same in either.
"""

from collections.abc import Iterator
from typing import Final

import onnx
from onnx import defs, numpy_helper

from onnxprobe.graph.disk.small import is_small
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model, Node
from onnxprobe.graph.opsets.forms import schema, takes
from onnxprobe.graph.value import dtype_name
from onnxprobe.repair._base import Ailment, Names, copied, says_opset

_WIDTHS: Final = {"int32": "int64", "int64": "int32"}


def find(model: Model) -> Names:
    """Name the constants that are read where only the other width is taken."""
    return tuple(dict.fromkeys(name for _, _, name, _ in _read(model)))


def mend(model: Model, names: Names) -> Model:  # noqa: ARG001  found again with their readers
    """Let those readers read the same numbers in the width that they take."""
    new, taken, made = copied(model), set(model.names), dict[tuple[str, str], str]()
    for node, place, name, dtype in _read(model):
        if (name, dtype) not in made:
            fresh = f"{name}/{dtype}"
            while fresh in taken:
                fresh += "_"
            taken.add(fresh)
            made[name, dtype] = fresh
            numbers = model.constant(name).astype(dtype)
            new.graph.initializer.append(numpy_helper.from_array(numbers, fresh))
        new.graph.node[node.index].input[place] = made[name, dtype]
    return Model(new, model.known)


def _read(model: Model) -> Iterator[tuple[Node, int, str, str]]:
    """Yield the node, which input of it, the constant there, and the type that it has to be."""
    if not says_opset(model):
        return
    for node in model.nodes:
        form = schema(node.op, model.opset) if node.proto.domain in DEFAULT_DOMAINS else None
        if form is None or len(node.inputs) > len(form.inputs):
            continue
        for place, name in enumerate(node.inputs):
            dtype = _wanted(model.tensors.get(name), form, node, place, model)
            if dtype is not None:
                yield node, place, name, dtype


def _wanted(
    tensor: onnx.TensorProto | None, form: defs.OpSchema, node: Node, place: int, model: Model
) -> str | None:
    """Return the width in which a constant is taken; ``None`` where it is, or is not in either."""
    if tensor is None or not is_small(tensor):
        return None
    dtype, end = dtype_name(tensor.data_type), form.inputs[place]
    other = _WIDTHS.get(dtype or "")
    if other is None or dtype is None or not takes(form, end, other):
        return None
    beside = {
        dtype_name(model.tensors[name].data_type) if name in model.tensors else None
        for name, another in zip(node.inputs, form.inputs, strict=False)
        if name and another.type_str == end.type_str
    }
    mixed = dtype == "int32" and "(" not in end.type_str and beside == set(_WIDTHS)
    return other if mixed or not takes(form, end, dtype) else None


WHOLE_NUMBERS: Final = Ailment(
    "whole-numbers",
    "whole numbers of a width that their reader does not take",
    "in the one that it takes",
    find,
    mend,
)
