"""A straight layer of fewer channels right before the pooling: it says less than what it reads."""

from collections.abc import Sequence
from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.picking.channels import narrowing, pools_rows
from onnxprobe.graph.picking.landing import Landing
from onnxprobe.graph.picking.ops import LAYOUT, SELECTIONS, kind
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
    where it is not.
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
            usable = (
                _by_place(spine, node) and narrowing(spine, node) > 1 and _is_whole(spine, name)
            )
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


def _is_whole(spine: Spine, name: str) -> bool:
    return name != spine.source and name in spine.members and pools_rows(spine, name)
