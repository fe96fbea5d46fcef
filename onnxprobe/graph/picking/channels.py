"""Which axis of a tensor holds the channels."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.paths.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine, trace

_FIRST: Final = frozenset(
    {
        "AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose", "DeformConv",
        "FusedConv", "GlobalAveragePool", "InstanceNormalization", "LRN", "MaxPool", "Resize",
    }
)  # fmt: skip
_LAST: Final = frozenset(
    {"FusedGemm", "FusedMatMul", "GRU", "Gemm", "LSTM", "MatMul", "MatMulInteger", "QGemm", "RNN"}
)
_BLOCKS: Final = frozenset({"DepthToSpace", "SpaceToDepth"})
"""Operators that move numbers between the channels, which they have first, and space."""
_MOST_AXES: Final = 4
"""Of a sample: channels, and three of space or time."""


def channels_of(model: Model, tensor: str) -> int:
    """Return the axis of a sample of any ``tensor`` that holds the channels, counted from 0.

    Where no input leads there it is the usual one: the first of a map, the last of tokens.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    value = model.value(tensor)
    try:
        return channel_axis(trace(model, (value.name,)), tensor)
    except GraphError:
        return _usual(len(value.shape or ()) - 1)


def channel_axis(spine: Spine, tensor: str) -> int:
    """Return the axis of a sample of ``tensor`` that holds the channels, counted from 0.

    Convolutions put them first, matrix products last; the nearest of them behind ``tensor``
    decides, through transpositions and reshapes. Where a Reshape hides it, maps have them first
    and tokens last, as usual. The rows of a sample that takes several come before that.
    """
    rank, front = len(spine.shape(tensor) or ()), spine.front(tensor)
    usual = front + _usual(rank - front)
    rearranged: list[Node] = []
    node = spine.producer(tensor)
    while node is not None and (side := _side(spine, node)) is None:
        if kind(node) in LAYOUT:
            rearranged.append(node)
        node = spine.producer(spine.reads(node)[0])
    if node is None or side is None:
        return usual
    made = node.writes[0]
    axis: int | None = spine.front(made) if side == "first" else len(spine.shape(made) or ()) - 1
    for step in reversed(rearranged):
        axis = _moved(spine, step, axis)
    return usual if axis is None or not 0 <= axis < rank else axis


def pools(spine: Spine, tensor: str) -> bool:
    """Tell whether a pooling can read ``tensor``: batch first, of a map the channels next or last.

    A map has up to three axes of space or time: more are windows that it was parted into.
    """
    rank = len(spine.shape(tensor) or ())
    outer = {0, rank - 1}
    return rank <= _MOST_AXES and spine.probeable(tensor) and channel_axis(spine, tensor) in outer


def pools_rows(spine: Spine, tensor: str) -> bool:
    """Tell the same, also where a sample takes several rows, one sample after the other."""
    rank = len(spine.shape(tensor) or ())
    whole = rank <= _MOST_AXES and spine.several(tensor)
    return pools(spine, tensor) or (whole and channel_axis(spine, tensor) in {1, rank - 1})


def usually_laid(spine: Spine, tensor: str) -> bool:
    """Tell the same where the channels of a map lie where most networks have them: next to the batch."""
    flat = len(spine.shape(tensor) or ()) <= 2  # noqa: PLR2004  (tokens, channels)
    return pools(spine, tensor) and (flat or not channel_axis(spine, tensor))


def narrowing(spine: Spine, layer: Node) -> float:
    """Return how many times fewer channels a layer writes than it reads; 0 where that is not known."""
    ends = (spine.reads(layer)[0], layer.writes[0])
    shapes = ((name, spine.shape(name)) for name in ends)
    before, after = (shape[channel_axis(spine, name)] if shape else None for name, shape in shapes)
    return 0.0 if before is None or not after else before / after


def _usual(rank: int) -> int:
    return 0 if rank > 2 else max(0, rank - 1)  # noqa: PLR2004  (tokens, channels)


def _side(spine: Spine, node: Node) -> Literal["first", "last"] | None:
    name = kind(node)
    if name in _FIRST:
        return "first"
    if name == "LayerNormalization" or (name in _LAST and node in spine.layers):
        return "last"
    return None


def _moved(spine: Spine, node: Node, axis: int | None) -> int | None:
    """Return where ``axis`` of a sample goes; ``None`` where that cannot be told."""
    before, after = (spine.shape(name) or () for name in (spine.reads(node)[0], node.writes[0]))
    if axis is None or not after or not 0 <= axis < len(before):
        return None
    if kind(node) == "Transpose":
        return _turned(spine, node, axis)
    if kind(node) in _BLOCKS:
        return axis
    return _regrouped(before, after, axis)


def _turned(spine: Spine, node: Node, axis: int) -> int | None:
    """Return where a Transpose puts ``axis`` of a sample: the batch may be any axis of a tensor."""
    turn = list(node.attribute("perm", ()))
    read, made = spine.reads(node)[0], node.writes[0]
    old, new = spine.batch_axis(read) or 0, spine.batch_axis(made) or 0
    whole = axis + (axis >= old and not spine.front(read))
    if whole not in turn:
        return None
    now = turn.index(whole)
    return now - (now > new and not spine.front(made))


def _regrouped(before: Sequence[int | None], after: Sequence[int | None], axis: int) -> int | None:
    """Return where ``axis`` goes in a Reshape: to the one axis that is made of it, or of it and others.

    ``None`` where it is parted, unless one of the parts is as large.

    >>> _regrouped((7, 7, 4, 96), (7, 7, 384), 3), _regrouped((96, 49), (96, 7, 7), 0)
    (2, 0)
    """
    known = ([-1 if size is None else size for size in shape] for shape in (before, after))
    for old, new in _groups(*known):
        if axis in old:
            alike = [i for i in new if after[i] is not None and after[i] == before[axis]]
            made = new if len(new) == 1 else alike
            return made[0] if len(made) == 1 else None
    return None


def _groups(
    before: Sequence[int], after: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Part the axes of two shapes into runs that hold as many numbers in one as in the other."""
    i = j = 0
    while i < len(before) and j < len(after):
        old, new = [i], [j]
        left, right = before[i], after[j]
        while left != right and (old[-1] + 1 < len(before) or new[-1] + 1 < len(after)):
            if new[-1] + 1 == len(after) or (left < right and old[-1] + 1 < len(before)):
                old.append(old[-1] + 1)
                left *= before[old[-1]]
            else:
                new.append(new[-1] + 1)
                right *= after[new[-1]]
        yield tuple(old), tuple(new)
        i, j = old[-1] + 1, new[-1] + 1
