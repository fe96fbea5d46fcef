"""How large whole numbers can be that a model computes: places that it finds in a tensor are in it."""

from collections.abc import Mapping
from typing import Final

from onnx import TensorProto

from onnxprobe.graph.model import Model, Node

_KEPT: Final = frozenset(
    [
        "Expand",
        "Flatten",
        "Gather",
        "GatherElements",
        "GatherND",
        "Identity",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
        "Unsqueeze",
    ]
)
"""Operators that give numbers of their first input."""
_WIDE: Final = (TensorProto.INT32, TensorProto.INT64)
"""Types that hold every place there can be."""
_FOUND: Final = {"ArgMax": (0, 0), "ArgMin": (0, 0), "TopK": (1, -1)}
"""Operators that find places along an axis: which output these are, and the axis if none is said."""

Sizes = tuple[int | None, ...] | None


def below(model: Model, shapes: Mapping[str, Sizes], name: str) -> int | None:
    """Return what all of ``name`` is below, and not below 0; ``None`` where that is not known.

    Args:
        model: any model.
        shapes: of its tensors, as far as known.
        name: a tensor of whole numbers.
    """
    while (node := model.producers.get(name)) is not None and _keeps(node):
        name = node.inputs[0]
    if node is None or node.op not in _FOUND:
        return None
    position, axis = _FOUND[node.op]
    shape = shapes.get(node.inputs[0])
    if shape is None or node.outputs.index(name) != position:
        return None
    size: int | None = shape[node.attribute("axis", axis)]
    return size


def _keeps(node: Node) -> bool:
    """Tell whether a node gives numbers of its first input, as they are."""
    return node.op in _KEPT or (node.op == "Cast" and node.attribute("to", 0) in _WIDE)
