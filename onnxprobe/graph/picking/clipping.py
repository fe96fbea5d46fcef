"""Rounding that bends: quantised networks leave an activation out where whole numbers cannot be less than 0."""

from typing import Final

import numpy as np
from onnx import TensorProto, numpy_helper

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine

_SIGNED: Final = frozenset(
    {
        "Add", "BatchNormalization", "GroupNormalization", "InstanceNormalization",
        "LayerNormalization", "Mul", "Sub", "Sum",
    }
)  # fmt: skip
"""Operators, beside layers, whose answers may be negative."""
_ZERO_POINT: Final = 2


def clips(spine: Spine, node: Node) -> bool:
    """Tell whether a QuantizeLinear cuts off what is negative in what it reads, as a ReLU does.

    Its zero point is then the smallest number there is: ONNX Runtime's quantisation leaves a ReLU out
    in front of it.
    """
    if not _at_the_end(spine, node):
        return False
    made = spine.producer(node.inputs[0])
    while made is not None and kind(made) in LAYOUT:
        made = spine.producer(spine.reads(made)[0])
    return made is not None and (made in spine.layers or kind(made) in _SIGNED)


def _at_the_end(spine: Spine, node: Node) -> bool:
    """Tell whether the zero point is the smallest number of its type; uint8 0 where none is given."""
    if len(node.inputs) <= _ZERO_POINT or not node.inputs[_ZERO_POINT]:
        return not node.attribute("output_dtype", 0)
    tensor = spine.model.tensors.get(node.inputs[_ZERO_POINT])
    if tensor is None or tensor.data_location == TensorProto.EXTERNAL:
        return False
    zero = numpy_helper.to_array(tensor)
    return zero.dtype.kind in "iu" and bool((zero == np.iinfo(zero.dtype).min).all())
