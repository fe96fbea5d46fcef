"""Quantised forms of other operators: the same to pictures, with scales and zero points between.

Where each lies among the inputs is said by ONNX Runtime's ``docs/ContribOperators.md``.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules._base import Found, Here, Rule, Setting, Step, Unset
from onnxprobe.batch.rules.along import softmax
from onnxprobe.batch.rules.each import broadcast, one
from onnxprobe.batch.rules.growing import concat
from onnxprobe.batch.rules.products import gemm, matmul

_FORMS: Final[dict[str, tuple[slice, Callable[[Here], Step]]]] = {
    "QLinearMatMul": (slice(0, 4, 3), matmul),
    "com.microsoft::MatMulIntegerToFloat": (slice(0, 2), matmul),
    "com.microsoft::QGemm": (slice(0, 7, 3), gemm),
    "com.microsoft::QLinearAdd": (slice(0, 4, 3), broadcast),
    "com.microsoft::QLinearConcat": (slice(2, None, 3), concat),
    "com.microsoft::QLinearLeakyRelu": (slice(0, 1), one),
    "com.microsoft::QLinearMul": (slice(0, 4, 3), broadcast),
    "com.microsoft::QLinearSigmoid": (slice(0, 1), one),
    "com.microsoft::QLinearSoftmax": (slice(0, 1), softmax),
}
"""For each operator, which of its inputs hold data, and the rule of what it is a form of."""


def quantised(here: Here) -> Step:
    """Follow the data as through the operator that this is a form of; scales are the same for all."""
    data, follow = _FORMS[here.node.op]
    positions = range(len(here.node.inputs))[data]
    for other in set(range(len(here.node.inputs))).difference(positions):
        if isinstance(here.flows[other], Rows):
            raise Crossing(f"is scaled by {here.node.inputs[other]!r}, one for each picture")
    step = follow(_seen(here, data))
    return replace(step, found=tuple(_back(found, positions) for found in step.found))


def _seen(here: Here, data: slice) -> Here:
    """Return the node as if it read ``data`` alone, of an opset that it may say of its own."""
    return replace(
        here,
        node=replace(here.node, inputs=here.node.inputs[data]),
        flows=here.flows[data],
        shapes=here.shapes[data],
        written=here.written[data],
        opset=here.node.attribute("opset", here.opset),
    )


def _back(found: Found, positions: range) -> Found:
    """Return a repair of what was seen as one of the node itself."""
    if isinstance(found.repair, Setting | Unset):
        return found
    position = positions[found.repair.position]
    return replace(found, repair=replace(found.repair, position=position))


QUANTISED: Final = Rule("quantised", frozenset(_FORMS), quantised)
