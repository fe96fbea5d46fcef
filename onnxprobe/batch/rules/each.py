"""Operators that work on each element, and repeat the smaller of two tensors along the larger."""

from typing import Final

from onnxprobe.batch.flow import Crossing, Rows
from onnxprobe.batch.rules import ladders
from onnxprobe.batch.rules._base import Found, Here, Repeated, Rule, Step, agreed
from onnxprobe.batch.rules.lifting import lifted

_ONE: Final = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast Ceil Celu Clip Cos Cosh Elu Erf Exp Floor "
    "Gelu HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu "
    "Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu "
    "com.microsoft::FastGelu com.microsoft::Gelu com.microsoft::QuickGelu"
)
_SEVERAL: Final = (
    "And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike Div Equal Greater GreaterOrEqual Less "
    "LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor com.microsoft::BiasGelu"
)
_SAYS_IF_TEST: Final = 7
"""The opset before which a dropout is in training mode unless it says otherwise."""


def broadcast(here: Here) -> Step:
    """Line the inputs up at their last axes, as numpy does."""
    here, lacking = lifted(here)
    positions = [i for i in range(len(here.node.inputs)) if here.has(i)]
    lying = {i: rows for i in positions if (rows := here.rows(i)) is not None}
    if not lying:
        raise Crossing("computes with how many pictures there are")
    rank = max(here.rank(i) for i in positions)
    rows = agreed([Rows(r.axis + rank - here.rank(i), r.times) for i, r in lying.items()])
    others = [i for i in positions if i not in lying]
    found = (f for i in others for f in _along(here, i, rows, rank))
    return Step((rows,), (*lacking, *found))


def _along(here: Here, position: int, rows: Rows, rank: int) -> tuple[Found, ...]:
    """Check what is the same for all pictures against the axis on which they lie."""
    axis = rows.axis - (rank - here.rank(position))
    if axis < 0 or here.shape(position)[axis] == 1:
        return ()
    return (repeat(here, position, Rows(axis, rows.times)),)


def repeat(here: Here, position: int, rows: Rows) -> Found:
    """Have an input that was made for one picture repeated for each.

    Where it was made for the batch that is written in the file, and says the same of each picture, as
    the class tokens of a vision transformer do, what it says of the first is repeated.

    Raises:
        Crossing: it is of another size, or says something else of each picture.
    """
    name, shape, batch = here.node.inputs[position], here.shape(position), here.batches[0]
    sizes, held = list(shape), shape[rows.axis]
    becomes = "repeated for each picture"
    if held == rows.times:
        wrote = f"reads {name!r} {sizes}, which is for one picture"
        return Found(wrote, becomes, Repeated(position, rows.axis, len(sizes)))
    if held != rows.times * batch or not here.alike(position, rows):
        raise Crossing(f"reads {name!r}, which has {held} rows where the pictures lie")
    wrote = f"reads {name!r} {sizes}, the same for each of {batch} pictures"
    return Found(wrote, becomes, Repeated(position, rows.axis, len(sizes), rows.times))


def add(here: Here) -> Step:
    """Line the inputs up, or count places in a picture's own rows on from the pictures before it."""
    return ladders.added(here) or broadcast(here)


def one(here: Here) -> Step:
    """Let the first input through; whatever else is read are settings."""
    return Step((here.only(),))


def dropout(here: Here) -> Step:
    """Let the input through, unless elements are really dropped."""
    training = here.numbers(2)
    older = here.opset < _SAYS_IF_TEST and not here.node.attribute("is_test", 0)
    if older or (training is not None and any(training[0])):
        raise Crossing("is in training mode: it drops elements at random")
    return Step((here.only(),))


EACH: Final = Rule("each element", frozenset(_ONE.split()), one)
BROADCAST: Final = Rule("broadcast", frozenset(_SEVERAL.split()), broadcast)
ADD: Final = Rule("sum", frozenset({"Add"}), add)
DROPOUT: Final = Rule("dropout", frozenset({"Dropout"}), dropout)
