"""What operators do to features, as far as picking a tensor needs to know."""

from collections.abc import Collection, Iterable
from typing import Final

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.live import Edges

LAYOUT: Final = frozenset(
    {
        "Cast", "DepthToSpace", "Dropout", "Flatten", "Identity", "Reshape", "SpaceToDepth",
        "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""Operators whose answer holds the same numbers in another arrangement."""

ROUNDING: Final = frozenset({"DequantizeLinear", "QuantizeLinear"})
"""Operators that round numbers for a quantised network, and scale them back."""

SELECTIONS: Final = frozenset({"Gather", "Slice", "Split"})
"""Operators whose answer is a part of what they read."""

REDUCTIONS: Final = frozenset(
    {
        "AveragePool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "LpPool", "MaxPool",
        "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
        "ReduceSum", "ReduceSumSquare",
    }
)  # fmt: skip
"""Operators that pool over some axes."""

WEIGHTED: Final = frozenset(
    {
        "Attention", "Conv", "ConvInteger", "ConvTranspose", "DeformConv", "Einsum", "FusedConv",
        "FusedGemm", "FusedMatMul", "GRU", "Gemm", "LSTM", "MatMul", "MatMulInteger",
        "MatMulNBits", "NhwcFusedConv", "QAttention", "QGemm", "RNN",
    }
)  # fmt: skip
"""Operators that are a layer of the network when one of their operands is a weight."""

_OPERANDS: Final = {"MatMulInteger": (0, 1), "QLinearMatMul": (0, 3)}
"""Where the operands of products are that may be of two features."""

_ABOUT_SHAPE: Final = frozenset(
    {"EyeLike", "RandomNormalLike", "RandomUniformLike", "Shape", "Size"}
)
_CONDITIONS: Final = frozenset(
    {
        "And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual",
        "Not", "Or", "Xor",
    }
)  # fmt: skip
_FIRST_IS_DATA: Final = frozenset(
    {
        "Compress", "Expand", "Gather", "GatherElements", "GatherND", "GridSample", "OneHot",
        "Pad", "Reshape", "Resize", "RoiAlign", "Slice", "Split", "Squeeze", "Tile", "TopK",
        "Trilu", "Unsqueeze", "Upsample",
    }
)  # fmt: skip
_DATA: Final = {"ScatterElements": (0, 2), "ScatterND": (0, 2), "Where": (1, 2)}


def bare(node: Node) -> str:
    """Return the operator without its domain: ``"com.microsoft::FusedConv"`` is ``"FusedConv"``."""
    return node.op.rpartition("::")[2]


def kind(node: Node) -> str:
    """Return what a node does, be it in floats or in whole numbers: ``"QLinearAdd"`` is ``"Add"``."""
    return bare(node).removeprefix("QLinear")


def operands(node: Node) -> tuple[str, ...]:
    """Return what a node computes with: its inputs, but for the scales and zero points of whole numbers."""
    places = _OPERANDS.get(node.op, range(len(node.inputs)))
    return tuple(node.inputs[i] for i in places if i < len(node.inputs) and node.inputs[i])


def _feature_reads(_: Model, node: Node, reached: Collection[str]) -> Iterable[str]:
    name = kind(node)
    if name in _ABOUT_SHAPE or name in _CONDITIONS:
        return ()
    places = (0,) if name in _FIRST_IS_DATA else _DATA.get(name, ())
    data = [node.inputs[i] for i in places if i < len(node.inputs) and node.inputs[i] in reached]
    return data or node.reads


FEATURES: Final = Edges(_ABOUT_SHAPE | _CONDITIONS | _FIRST_IS_DATA | {*_DATA}, _feature_reads)
"""Count what a node reads as features, not as a size, a condition or a place to look.

A network that asks for the shape of its input, masks padding (``ids != 0``) or gathers at a
position found in the input still passes everything it knows through one tensor. Operands that say
*where* count only if the data is not itself a feature, as in an embedding table.
"""
