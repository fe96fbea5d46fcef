"""Inner tensors whose type and shape the file does not say, though they follow from it."""

from typing import Final

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.repair._base import Ailment, Names, copied, keep


def find(model: Model) -> Names:
    """Name the results of nodes that are not declared, or without a type, and could be."""
    graph = model.proto.graph
    said = {info.name for info in (*graph.value_info, *graph.input) if Value.of(info).dtype}
    said |= set(model.outputs)
    written = (name for node in model.nodes for name in node.writes if name not in said)
    return tuple(name for name in written if _known(model.values[name]))


def mend(model: Model, names: Names) -> Model:
    """Declare them as shape inference sees them."""
    new = copied(model)
    infos = new.graph.value_info
    keep(infos, [info for info in infos if info.name not in set(names)])
    infos.extend(model.values[name].info() for name in names)
    return Model(new, model.known)


def _known(value: Value) -> bool:
    return value.dtype is not None and value.shape is not None


UNDECLARED: Final = Ailment(
    "value-info", "inner tensors without a declared type and shape", "declared", find, mend
)
