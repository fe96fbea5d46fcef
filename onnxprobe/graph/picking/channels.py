"""Which axis of a tensor holds the channels."""

from typing import Final, Literal

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model, Node
from onnxprobe.graph.picking.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine, trace

_FIRST: Final = frozenset(
    {
        "AveragePool", "BatchNormalization", "Conv", "ConvInteger", "ConvTranspose", "DeformConv",
        "FusedConv", "GlobalAveragePool", "InstanceNormalization", "LRN", "MaxPool", "QLinearConv",
        "Resize",
    }
)  # fmt: skip
_LAST: Final = frozenset(
    {"FusedGemm", "FusedMatMul", "GRU", "Gemm", "LSTM", "MatMul", "MatMulInteger", "QGemm", "RNN"}
)


def channels_of(model: Model, tensor: str) -> int:
    """Return the axis of a sample of any ``tensor`` that holds the channels, counted from 0.

    The first, as usual, where no input leads there.

    Raises:
        NoSuchNameError: there is no such tensor.
    """
    try:
        return channel_axis(trace(model, (model.value(tensor).name,)), tensor)
    except GraphError:
        return 0


def channel_axis(spine: Spine, tensor: str) -> int:
    """Return the axis of a sample of ``tensor`` that holds the channels, counted from 0.

    Convolutions put them first, matrix products last; the nearest of them behind ``tensor``
    decides, through transpositions and reshapes. Where a Reshape hides it, maps have them first
    and tokens last, as usual.
    """
    rank = len(spine.shape(tensor) or ())
    usual = 0 if rank > 2 else max(0, rank - 1)  # noqa: PLR2004  (tokens, channels)
    rearranged: list[Node] = []
    node = spine.producer(tensor)
    while node is not None and (side := _side(spine, node)) is None:
        if kind(node) in LAYOUT:
            rearranged.append(node)
        node = spine.producer(spine.reads(node)[0])
    if node is None or side is None:
        return usual
    axis: int | None = 0 if side == "first" else len(spine.shape(node.writes[0]) or ()) - 1
    for step in reversed(rearranged):
        axis = _moved(spine, step, axis)
    return usual if axis is None or not 0 <= axis < rank else axis


def pools(spine: Spine, tensor: str) -> bool:
    """Tell whether poolings can read ``tensor``: batch first, and of a map the channels next."""
    rank = len(spine.shape(tensor) or ())
    maps = rank > 2  # noqa: PLR2004  (tokens, channels)
    return spine.probeable(tensor) and not (maps and channel_axis(spine, tensor))


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
        turn = list(node.attribute("perm", ()))
        return turn.index(axis + 1) - 1 if axis + 1 in turn else None
    for to in (axis, len(after) - 1) if axis == len(before) - 1 else (axis,):
        if to < len(after) and before[axis] == after[to]:
            return to
    return None
