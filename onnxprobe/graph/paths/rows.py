"""Tensors in which a sample takes several rows: the frames of a clip, crops, the windows of a picture.

A network for pictures runs on clips by putting the frames into the batch: ``(N, 8, 3, 224, 224)`` is
reshaped to ``(8*N, 3, 224, 224)``. Reshaping keeps the order of the numbers, so what has the samples one
after the other still has them so, and so has whatever is made of it row by row. Where the frames were turned
to the front before, the first frames of all clips come first.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import Final
from weakref import WeakKeyDictionary

from onnx import numpy_helper

from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.ops import FEATURES, REDUCTIONS, ROUNDING, kind
from onnxprobe.graph.shapes import batch_of, sample_shape, times_batch
from onnxprobe.graph.value import Dim

_IN_ORDER: Final = ROUNDING | {
    "Abs", "Cast", "Celu", "Clip", "Dropout", "Elu", "Erf", "Exp", "Flatten", "Gelu", "HardSigmoid",
    "HardSwish", "Identity", "LeakyRelu", "Log", "Mish", "Neg", "Relu", "Reshape", "Selu", "Sigmoid",
    "Softplus", "Softsign", "Sqrt", "Squeeze", "Swish", "Tanh", "ThresholdedRelu", "Unsqueeze",
}  # fmt: skip
"""Operators that give a number for each number of what they read, in their order."""

_BY_ROW: Final = frozenset(
    {
        "Add", "AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose",
        "DepthToSpace", "Div", "FusedConv", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
        "GroupNormalization", "InstanceNormalization", "LRN", "LayerNormalization", "LogSoftmax",
        "LpNormalization", "LpPool", "Max", "MaxPool", "Min", "Mul", "PRelu", "Pow", "Resize",
        "Softmax", "SpaceToDepth", "Sub", "Sum", "Upsample",
    }
)  # fmt: skip
"""Operators that make a row of each row they read, and leave it where it is."""

_PRODUCTS: Final = frozenset({"Gemm", "MatMul", "MatMulInteger"})
"""Operators whose rows are those of what they read first."""

_RECURRENT: Final = frozenset({"GRU", "LSTM", "RNN"})
"""Operators that read steps, the batch and channels, and give the batch last but one."""

_ALONG: Final = REDUCTIONS - _BY_ROW | {"Concat", "Gather", "Slice", "Split"}
"""Operators that leave rows where they are unless they work along them."""

_AXES: Final[Mapping[str, int]] = {"Slice": 3} | dict.fromkeys(REDUCTIONS - _BY_ROW, 1)
"""Which input says along which axes, where no attribute does."""

_FOUND: Final[WeakKeyDictionary[Model, Mapping[str, int]]] = WeakKeyDictionary()


def rows_a_sample(model: Model, tensor: str) -> int | None:
    """Return how many rows of ``tensor`` a sample takes, if several, and it is known which.

    They lie one after the other, or as far apart as there are samples (see :func:`rows_apart`). ``None``
    where a sample takes one, or where their order does not follow from the graph.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    value = model.value(tensor)
    count = times_batch(value.shape[0], batch_of(model)) if value.shape else None
    if count is None or count == 1:
        return None
    before = _before(model, value.name)
    follows = before == 1 or (before == count and _alone(model, value.name, count) is None)
    return count if follows else None


def rows_apart(model: Model, tensor: str) -> bool:
    """Tell whether ``tensor`` has the first rows of all samples, then all second ones, and so on.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    rows = rows_a_sample(model, tensor)
    return rows is not None and _before(model, model.value(tensor).name) == rows


def sample_of(model: Model, tensor: str) -> tuple[int | None, ...] | None:
    """Return the shape of one sample of ``tensor``; if it takes several rows, how many comes first.

    ``None`` where the shape is not known, or where it does not follow which rows are those of a sample.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    rows = rows_a_sample(model, tensor)
    if rows is None:
        return sample_shape(model, tensor)
    sizes = (model.value(tensor).shape or ())[1:]
    return (rows, *(size if isinstance(size, int) else None for size in sizes))


def _before(model: Model, name: str) -> int | None:
    """Return how many times the samples of ``name`` are gone through; ``None`` where that is not known."""
    if model not in _FOUND:
        _FOUND[model] = _followed(model)
    return _FOUND[model].get(name)


def _followed(model: Model) -> Mapping[str, int]:
    """Return in what order numbers lie: how many axes of before the batch, multiplied, come before it.

    It is 1 where all numbers of a sample lie together, 8 where 8 frames come before the batch, be
    they an axis of their own or one with it.
    """
    batch, reached = batch_of(model), set(model.inputs)
    found = {name: 1 for name in model.inputs if _size(model, name) == batch}
    for node in model.nodes:
        special = kind(node) in FEATURES.ops
        reads = FEATURES.of(model, node, reached) if special else node.reads
        features = [name for name in reads if name in reached]
        if not features:
            continue
        reached.update(node.writes)
        before = {found.get(name) for name in features}
        if len(before) == 1 and None not in before:
            orders = ((name, _order(model, node, features, name, *before)) for name in node.writes)
            found |= {name: order for name, order in orders if order is not None}
    return found


def _order(
    model: Model, node: Node, features: list[str], name: str, before: int | None
) -> int | None:
    """Return in what order ``name`` lies, which ``node`` makes of ``features`` that lie as ``before`` says."""
    if before is None or kind(node) in _IN_ORDER:
        return before
    if kind(node) == "Transpose":
        return _turned(model, node, features[0], before)
    if kind(node) in _RECURRENT:
        return _stepped(model, node, name) if _alone(model, features[0], before) == 1 else None
    kept = all(_size(model, feature) == _size(model, name) for feature in features)
    ranks = {_rank(model, feature) for feature in features}
    whole = kept and len(ranks) == 1 and _in_front(model, name, before)
    return before if whole and _by_row(model, node, features, *ranks) else None


def _turned(model: Model, node: Node, read: str, before: int) -> int | None:
    """Return what comes before the batch once the axes of ``read`` are turned."""
    shape, turn = model.value(read).shape or (), list(node.attribute("perm", ()))
    axis = _alone(model, read, before)
    if axis in turn:
        return _product(shape[i] for i in turn[: turn.index(axis)])
    return before if turn[:1] == [0] and _in_front(model, read, before) else None


def _stepped(model: Model, node: Node, name: str) -> int | None:
    """Return what comes before the batch in ``name``, which a recurrent layer gives: steps, directions."""
    *front, batch, _ = model.value(name).shape or (None, None)
    return _product(front) if batch == batch_of(model) and not node.attribute("layout", 0) else None


def _alone(model: Model, name: str, before: int) -> int | None:
    """Return the axis that is the batch and nothing else; ``None`` where it is one with others."""
    shape = model.value(name).shape or ()
    same = (axis for axis, size in enumerate(shape) if size == batch_of(model))
    return next((axis for axis in same if _product(shape[:axis]) == before), None)


def _in_front(model: Model, name: str, before: int) -> bool:
    """Tell whether the first axis is the batch, with what comes before it."""
    times = times_batch(_size(model, name), batch_of(model))
    return times is not None and not times % before


def _product(sizes: Iterable[Dim]) -> int | None:
    listed = list(sizes)
    known = [size for size in listed if isinstance(size, int)]
    return prod(known) if len(known) == len(listed) else None


def _by_row(model: Model, node: Node, features: list[str], rank: int) -> bool:
    """Tell whether ``node`` makes the i-th row of the i-th rows of ``features``."""
    if kind(node) in _PRODUCTS:
        return node.inputs[0] in features and not node.attribute("transA", 0)
    return kind(node) in _BY_ROW or (kind(node) in _ALONG and _beside_rows(model, node, rank))


def _beside_rows(model: Model, node: Node, rank: int) -> bool:
    """Tell whether the axes that ``node`` works along are known, and the rows' is not one of them."""
    axes = _axes(model, node)
    return axes is not None and all(axis % rank for axis in axes)


def _axes(model: Model, node: Node) -> Iterable[int] | None:
    if kind(node) in {"Concat", "Gather", "Split"}:
        return (node.attribute("axis", 0),)
    said: Iterable[int] | None = node.attribute("axes")
    at = _AXES[kind(node)]
    constant = model.tensors.get(node.inputs[at]) if at < len(node.inputs) else None
    if said is None and constant is not None:
        return [int(axis) for axis in numpy_helper.to_array(constant).ravel()]
    return said


def _size(model: Model, name: str) -> int | str | None:
    shape = model.value(name).shape
    return shape[0] if shape else None


def _rank(model: Model, name: str) -> int:
    return len(model.value(name).shape or ())
