"""A block size on a quantisation that has one scale: valid, but ONNX Runtime refuses to run it."""

from typing import Final

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.order import label
from onnxprobe.repair._base import Ailment, Names, copied, following, keep

_OPERATORS: Final = frozenset({"QuantizeLinear", "DequantizeLinear"})
_ONE: Final = ((), (1,))
"""Shapes of one number."""


def find(model: Model) -> Names:
    """Name the nodes with a block size whose scale is one number."""
    return tuple(label(node) for node in model.nodes if _stray(model, node))


def mend(model: Model, names: Names) -> Model:
    """Drop the block size: one block that is everything is the same as no blocks."""
    new = copied(model)
    for node, proto in zip(model.nodes, new.graph.node, strict=True):
        if label(node) in names and _stray(model, node):
            keep(proto.attribute, [a for a in proto.attribute if a.name != "block_size"])
    return Model(new, model.known)


def _stray(model: Model, node: Node) -> bool:
    if node.op not in _OPERATORS or not node.attribute("block_size", 0):
        return False
    name = node.inputs[1]
    scale = model.tensors.get(name)
    if scale is not None:
        return tuple(scale.dims) in _ONE
    value = following(model).get(name)
    return value is not None and value.shape in _ONE


BLOCK_SIZE: Final = Ailment(
    "block-size", "quantisations in blocks that have a single scale", "in one piece", find, mend
)
