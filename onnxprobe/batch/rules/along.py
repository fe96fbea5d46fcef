"""Operators that combine what lies along some axes: they must not be the pictures' axis."""

from typing import Final

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules._base import Here, Rule, Step, apart, counted_from_front
from onnxprobe.batch.rules.each import broadcast

_NORMALISED_ALONE: Final = 13
"""The opset from which Softmax is over one axis, not over all from it on."""


def softmax(here: Here) -> Step:
    """Normalise over one axis; in old opsets over all axes from one on."""
    rows, rank = here.only(), here.rank()
    alone = here.opset >= _NORMALISED_ALONE
    axis = counted_from_front(here.node.attribute("axis", -1 if alone else 1), rank)
    over = [axis] if alone else list(range(axis, rank))
    return Step((apart(rows, over, rank, "is taken over"),))


def from_axis_on(here: Here) -> Step:
    """Normalise over an axis and all that follow."""
    rows, rank = here.only(), here.rank()
    axis = counted_from_front(here.node.attribute("axis", -1), rank)
    return Step((apart(rows, range(axis, rank), rank, "normalises over"),))


def added_then_normalised(here: Here) -> Step:
    """Add what is skipped to, then normalise over the last axis."""
    for position in range(len(here.node.inputs)):
        if (rows := here.rows(position)) is not None:
            rank = here.rank(position)
            apart(rows, [rank - 1], rank, "normalises over")
    return broadcast(here)


def one_axis(here: Here) -> Step:
    """Work along one axis and keep it."""
    rows, rank = here.only(), here.rank()
    return Step((apart(rows, [here.node.attribute("axis", -1)], rank, "works along"),))


def running(here: Here) -> Step:
    """Sum up along the axis that the second input names."""
    axes = here.axes(1) or []
    return Step((apart(here.only(), axes, here.rank(), "sums up along"),))


def over_axes(here: Here) -> Step:
    """Normalise over the listed axes and keep them; by default over the batch too."""
    axes = here.axes() or [0, 2, 3]
    return Step((apart(here.only(), axes, here.rank(), "takes mean and variance over"),))


def reduction(here: Here) -> Step:
    """Drop the listed axes, or keep them with size 1; all of them where none is listed."""
    rows, rank = here.only(), here.rank()
    axes = here.axes(1)
    if not axes and here.node.attribute("noop_with_empty_axes", 0):
        return Step((rows,))
    over = [counted_from_front(axis, rank) for axis in axes or range(rank)]
    return Step((_left(here, apart(rows, over, rank, "reduces"), over),))


def arg(here: Here) -> Step:
    """Find the largest or smallest along one axis."""
    rows, rank = here.only(), here.rank()
    over = [counted_from_front(here.node.attribute("axis", 0), rank)]
    return Step((_left(here, apart(rows, over, rank, "compares along"), over),))


def _left(here: Here, rows: Rows, over: list[int]) -> Rows:
    if here.node.attribute("keepdims", 1):
        return rows
    return Rows(rows.axis - sum(axis < rows.axis for axis in over), rows.times)


def triangle(here: Here) -> Step:
    """Blank out half of the last two axes."""
    rank = here.rank()
    return Step((apart(here.only(), [rank - 1, rank - 2], rank, "cuts a triangle along"),))


def quantisation(here: Here) -> Step:
    """Scale every element, by one number or by one for each place along an axis."""
    rows, rank = here.only(), here.rank()
    if here.rank(1) and here.shape(1) != (1,):
        rows = apart(rows, [here.node.attribute("axis", 1)], rank, "has its own scale along")
    if here.node.attribute("block_size", 0) and rows.axis != 0:
        raise Crossing("is scaled in blocks")
    return Step((rows,))


SOFTMAX: Final = Rule("softmax", frozenset({"Softmax", "LogSoftmax", "Hardmax"}), softmax)
FROM_AXIS_ON: Final = Rule(
    "normalisation from an axis on",
    frozenset(
        {
            "LayerNormalization",
            "RMSNormalization",
            "SimplifiedLayerNormalization",
            "com.microsoft::SimplifiedLayerNormalization",
        }
    ),
    from_axis_on,
)
ADDED_THEN_NORMALISED: Final = Rule(
    "normalisation of a sum",
    frozenset(
        {
            "com.microsoft::SkipLayerNormalization",
            "com.microsoft::SkipSimplifiedLayerNormalization",
        }
    ),
    added_then_normalised,
)
ONE_AXIS: Final = Rule("along one axis", frozenset({"LpNormalization", "TopK"}), one_axis)
RUNNING: Final = Rule("running sum", frozenset({"CumSum", "CumProd"}), running)
OVER_AXES: Final = Rule("mean and variance", frozenset({"MeanVarianceNormalization"}), over_axes)
REDUCTION: Final = Rule(
    "reduction",
    frozenset(
        {
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare",
        }
    ),
    reduction,
)
ARG: Final = Rule("largest", frozenset({"ArgMax", "ArgMin"}), arg)
TRIANGLE: Final = Rule("triangle", frozenset({"Trilu"}), triangle)
QUANTISATION: Final = Rule(
    "quantisation", frozenset({"QuantizeLinear", "DequantizeLinear"}), quantisation
)
