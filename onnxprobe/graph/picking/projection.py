"""A straight layer of fewer channels right before the pooling: it says less than what it reads."""

from collections.abc import Sequence
from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, SELECTIONS, kind
from onnxprobe.graph.picking.channels import channel_axis, narrowing, pools_rows
from onnxprobe.graph.picking.landing import Landing
from onnxprobe.graph.picking.spine import Spine
from onnxprobe.graph.picking.stepback import Step

_MEANS: Final = frozenset({"AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum"})
_LINEAR: Final = LAYOUT | SELECTIONS | _MEANS
"""Operators that what is done to each place alike could as well come after. Rounding clips: it may be a ReLU."""
_WHY: Final = "makes fewer channels, is bent by nothing, and could as well come after the pooling"


def before_projection(
    spine: Spine, landing: Landing, tensor: str, steps: Sequence[Step]
) -> tuple[Step, ...]:
    """Return the steps back over the layer that makes fewer channels for each place of ``tensor``.

    It must be followed by a mean or a choice of places, which commute with it, as where speech
    recognisers are trained to classify (Baevski et al. 2020, arXiv:2006.11477; wav2vec 2.0). None
    where it is not, or ends a block that widened first what was narrower still (a linear bottleneck,
    Sandler et al. 2018, arXiv:1801.04381): it makes more channels of what the block reads, not fewer.
    """
    after = spine.producer(landing.follows or "")
    pooled = [*(step.node for step in steps), *(() if after is None else (after,))]
    if not pooled or not _LINEAR.issuperset(map(kind, pooled)):
        return ()
    back, name = list[Step](), tensor
    while (node := spine.producer(name)) is not None and len(spine.reads(node)) == 1:
        (name,) = spine.reads(node)
        back.append(Step(name, node, _WHY))
        if node in spine.layers:
            narrows = _by_place(spine, node) and narrowing(spine, node) > 1
            usable = narrows and _is_whole(spine, name) and not _widened(spine, node)
            return tuple(back) if usable else ()
        if kind(node) not in LAYOUT | {"Add"}:
            break
    return ()


def _by_place(spine: Spine, layer: Node) -> bool:
    """Tell whether a layer works on each place by itself, in floats."""
    if layer.op == "MatMul":
        return layer.inputs[0] in spine.live.tensors
    size, step = (set(layer.attribute(name, ())) for name in ("kernel_shape", "strides"))
    return layer.op == "Conv" and size == {1} and step <= {1}


def _widened(spine: Spine, layer: Node) -> bool:
    """Tell whether a carrier before ``layer`` has fewer channels at the same places than the layer makes."""
    places, channels = _sizes(spine, layer.writes[0])
    before = spine.tensors[1 : spine.tensors.index(spine.reads(layer)[0])]
    earlier = (_sizes(spine, name) for name in before)
    return any(there == places and fewer < channels for there, fewer in earlier)


def _sizes(spine: Spine, name: str) -> tuple[tuple[int | None, ...], int]:
    """Return the sizes of the places of ``name``, and how many channels it has; 0 where that is not known."""
    shape, axis = spine.shape(name) or (), channel_axis(spine, name)
    return (*shape[:axis], *shape[axis + 1 :]), (shape[axis] or 0) if axis < len(shape) else 0


def _is_whole(spine: Spine, name: str) -> bool:
    return name != spine.source and name in spine.members and pools_rows(spine, name)
