"""From margins to probabilities, written so that large margins lose nothing."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import ZERO_BELOW
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_ONE_ABOVE: Final = 36.7368
"""The margin above which the sigmoid is 1 in float64."""


def both_signs(write: Writer, margin: Flow) -> Flow:
    """Return the margin of two classes ``(N, 1)`` as ``[-m, m]``, so that the largest is the answer."""
    signs = Affine.of(np.array([[-1.0], [1.0]]))
    if margin.pending is None or margin.pending.weight.ndim > 1:
        return margin.then(signs)
    return Flow(write.settled(margin), 1).then(signs)


def per_class(write: Writer, margin: Flow) -> Flow:
    """Return a margin with one column a class, of which two classes have only one."""
    return both_signs(write, margin) if margin.width == 1 else margin


def ratio(logs: Flow) -> Flow | None:
    """Return the log of how much likelier each of two classes is, whose sigmoid is its probability.

    ``None`` where there are more classes.
    """
    turned = Affine.of(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    return logs.then(turned) if logs.width == len(turned.weight) else None


def sigmoid(write: Writer, margin: Flow) -> Callable[[], str]:
    """Return what writes 1 / (1 + exp(-m)) of every margin."""
    return lambda: write.op("Sigmoid", write.settled(margin))


def softmax(write: Writer, margin: Flow) -> Callable[[], str]:
    """Return what writes exp(m) as shares of its sum over the classes."""
    return lambda: write.op("Softmax", write.settled(margin), axis=1)


def shared_sigmoid(
    write: Writer, margin: Flow, *, empty: float, floor: float = ZERO_BELOW
) -> Callable[[], str]:
    """Return what writes the sigmoid of every margin as shares of their sum over the classes.

    That is the softmax of log sigmoid(m) = min(m, 0) - log(1 + exp(-|m|)), which does not divide
    zero by zero where all margins are far below zero. Where even float64 has only zeros left, every
    share is ``empty``, as scikit-learn has it.
    """

    def written() -> str:
        m = write.settled(margin)
        small = write.op("Exp", write.op("Neg", write.op("Abs", m)))
        log = write.op("Log", write.op("Add", small, write.array(1.0)))
        low = write.op("Min", m, write.array(0.0))
        whole = write.op("Softmax", write.op("Sub", low, log), axis=1)
        gone = write.op("Less", write.reduce("ReduceMax", m, [1], keepdims=1), write.array(floor))
        return write.op("Where", gone, write.array(np.full((1, margin.width), empty)), whole)

    return written


def told_apart(write: Writer, logit: Flow, floor: float = ZERO_BELOW) -> str:
    """Write what ranks classes as their sigmoids do in float64: those that round alike are equal."""
    low = write.op("Min", write.settled(logit), write.array(_ONE_ABOVE))
    return write.op("Max", low, write.array(floor))


def parted_shares(write: Writer, logit: Flow, whole: str) -> tuple[str, str]:
    """Write shares of sigmoids in two parts, of which the first is the same for all that are high.

    The second is the share of what a high sigmoid lacks to 1, or where it is the only one, of what
    the others have; of a low one, its own. Where all are small, the shares themselves keep their digits.
    """
    m = write.settled(logit)
    high = write.yes_no(write.op("Less", write.array(0.0), m))
    far = write.op("Neg", write.op("Abs", write.op("Min", m, write.array(_ONE_ABOVE))))
    small = write.op("Exp", far)  # ONNX Runtime's Sigmoid has nothing below 1e-8
    little = write.op("Div", small, write.op("Add", small, write.array(1.0)))
    low = write.op("Sub", write.array(1.0), high)
    others = write.reduce("ReduceSum", write.op("Mul", low, little), [1], keepdims=1)
    count = write.reduce("ReduceSum", high, [1], keepdims=1)
    alone = write.op("Less", count, write.array(1.5))
    total = write.reduce("ReduceSum", write.op("Sigmoid", m), [1], keepdims=1)
    none = write.op("Less", total, write.array(0.5))
    divisor = write.op("Where", none, write.array(1.0), total)
    lacks = write.op("Where", alone, others, little)
    rest = write.op("Sub", write.op("Mul", low, little), write.op("Mul", high, lacks))
    first = write.op("Div", high, write.op("Where", alone, write.array(1.0), divisor))
    second = write.op("Where", none, whole, write.op("Div", rest, divisor))
    return write.op("Where", none, write.array(0.0), first), second


def against_best(write: Writer, first: str, second: str) -> str:
    """Write ``first + second``, ``(N, K)``, less what the best of them has for its first part.

    Where the best have the same first part, it is gone before the second counts, and takes it no digits.
    """
    rough = write.op("Add", first, second)
    fewer = write.op("Less", rough, write.reduce("ReduceMax", rough, [1], keepdims=1))
    lowest = write.array(np.finfo(np.float32).min)
    best = write.reduce("ReduceMax", write.op("Where", fewer, lowest, first), [1], keepdims=1)
    return write.op("Add", write.op("Sub", first, best), second)


def ranked_in_parts(write: Writer, halves: Sequence[tuple[str, str]]) -> str:
    """Write what ranks the sums of probabilities that come in two parts (see ``parted_shares``)."""
    first, second = (write.op("Sum", *each) for each in zip(*halves, strict=True))
    return against_best(write, first, second)


def shares(write: Writer, x: str, count: int, *, empty: float) -> str:
    """Write each row as shares of its sum; a row of zeros becomes ``empty`` everywhere."""
    total = write.reduce("ReduceSum", x, [1], keepdims=1)
    there = write.op("Greater", total, write.array(0.0))
    divisor = write.op("Where", there, total, write.array(1.0))
    rows = write.op("Div", x, divisor)
    if not empty:
        return rows
    return write.op("Where", there, rows, write.array(np.full((1, count), empty)))
