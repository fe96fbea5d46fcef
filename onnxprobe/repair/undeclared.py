"""Inner tensors whose type and shape the file does not say, though they follow from it.

No runtime needs them said. A declaration without a type is another thing: some tools choke on it.
"""

from typing import Final

import onnx

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.repair._base import Ailment, Names, copied, following, keep, redeclared


def find_untyped(model: Model) -> Names:
    """Name the inner tensors that are declared without a type."""
    infos = model.proto.graph.value_info
    return tuple(dict.fromkeys(info.name for info in infos if not _typed(info)))


def mend_untyped(model: Model, names: Names) -> Model:
    """Declare them as shape inference sees them; those it knows nothing of, not at all."""
    new, gone = copied(model), frozenset(names)
    follow = {name: value for name in names if _known(value := _inferred(model, name))}
    infos = []
    for info in new.graph.value_info:
        if info.name not in gone:
            infos.append(info)
        elif info.name in follow:
            infos.append(follow[info.name].info())
    keep(new.graph.value_info, infos)
    return redeclared(model, new)


def find(model: Model) -> Names:
    """Name the results of nodes that are not declared, and could be."""
    graph = model.proto.graph
    said = {info.name for info in (*graph.value_info, *graph.input)} | set(model.outputs)
    written = (name for node in model.nodes for name in node.writes if name not in said)
    return tuple(name for name in written if _known(model.values[name]))


def mend(model: Model, names: Names) -> Model:
    """Declare them as shape inference sees them."""
    new = copied(model)
    new.graph.value_info.extend(model.values[name].info() for name in names)
    return Model(new, model.known)


def _inferred(model: Model, name: str) -> Value:
    """Return what follows from the nodes alone, or with what the file declares of other tensors."""
    nothing = Value(name, None, None)
    value = following(model).get(name, nothing)
    return value if _known(value) else model.values.get(name, nothing)


def _typed(info: onnx.ValueInfoProto) -> bool:
    kind = info.type.WhichOneof("value")
    return kind is not None and (kind != "tensor_type" or info.type.tensor_type.elem_type != 0)


def _known(value: Value) -> bool:
    return value.dtype is not None and value.shape is not None


UNTYPED: Final = Ailment(
    "untyped",
    "inner tensors declared without a type",
    "declared with it, or not at all where nobody knows",
    find_untyped,
    mend_untyped,
)
UNDECLARED: Final = Ailment(
    "value-info",
    "inner tensors without a declared type and shape",
    "declared",
    find,
    mend,
    when="asked",
)
