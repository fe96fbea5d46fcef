"""Networks that pool a map of classes: what they know lies before the layer that makes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, REDUCTIONS, ROUNDING, SELECTIONS, kind
from onnxprobe.graph.picking.channels import channel_axis, narrowing, pools_rows
from onnxprobe.graph.picking.landing import HEAD_SHRINKS
from onnxprobe.graph.picking.naming import called_classes
from onnxprobe.graph.picking.rules import only_rounds
from onnxprobe.graph.picking.spine import Spine

_DECISIONS: Final = frozenset({"ArgMax", "LogSoftmax", "Sigmoid", "Softmax"})
_STRAIGHT: Final = LAYOUT | ROUNDING | SELECTIONS | REDUCTIONS | {"Add", "TopK"}
"""Operators that arrange, choose or pool what a layer says, but bend none of it."""


@dataclass(frozen=True, slots=True)
class ClassMap:
    """A map that is pooled and has a channel for each number of the answer.

    Attributes:
        before: what the layer reads that makes it.
        less: whether it is the answer, a place at a time: a softmax or the like turns its channels into a
            decision (SqueezeNet); nothing bends what the last layer says, so that it could as well
            come after the pooling, and be the classifier that others have there; or it makes far
            fewer channels than it reads; or a name calls them classes. Else they may be an embedding,
            or logits, as torch exports a SqueezeNet: one cannot tell.
        named: the name that calls them classes, if it is that alone.
    """

    before: str
    less: bool
    named: str | None = None


def class_map(spine: Spine, tensor: str) -> ClassMap | None:
    """Return what ``tensor`` is as a map of classes; ``None`` if it is not one.

    It may be one when its channels are the answers and no layer with weights follows, or when they are
    made one number a place.
    """
    if _judges_places(spine, tensor):
        judged = _last_before(spine, tensor)
        return None if judged is None else ClassMap(judged, less=True)
    if not _has_the_answers(spine, tensor):
        return None
    made = spine.model.producers[tensor].index if tensor in spine.model.producers else -1
    later = [node for node in spine.live.reads if node.index > made]
    before = None if any(node in spine.layers for node in later) else _before(spine, tensor)
    if before is None or not pools_rows(spine, before):
        return None
    after = [kind(node) for node in _after_layer(spine, tensor)]
    decided = any(op in _DECISIONS for op in (*after, *map(kind, later)))
    straight = _STRAIGHT.issuperset(after)
    layer = _layer(spine, tensor)
    if layer is None or decided or straight or narrowing(spine, layer) > HEAD_SHRINKS:
        return ClassMap(before, less=True)
    named = called_classes(spine, layer)
    return ClassMap(before, named is not None, named)


def _before(spine: Spine, tensor: str) -> str | None:
    """Return what the layer reads that makes ``tensor``, looking through changes of layout, and rounding."""
    node = _layer(spine, tensor)
    if node is None:
        return None
    reads = [name for name in spine.reads(node) if name in spine.members]
    before = reads[0] if reads else None
    if before is None:
        return None
    before = _laid_out_from(spine, before)
    return before if spine.structured(before) else None


def _laid_out_from(spine: Spine, name: str) -> str:
    """Return what ``name`` was before its layout was changed, and it was rounded."""
    while (node := spine.producer(name)) is not None and spine.structured(name):
        inner = spine.reads(node)[0]
        if kind(node) not in LAYOUT and not only_rounds(spine, node, inner):
            break
        if inner not in spine.members or not spine.structured(inner):
            break
        name = inner
    return name


def _has_the_answers(spine: Spine, tensor: str) -> bool:
    if len(spine.live.outputs) != 1:
        return False
    answers = [size for size in spine.shape(spine.live.outputs[0]) or () if size != 1]
    shape = spine.shape(tensor)
    if len(answers) != 1 or shape is None:
        return False
    return answers[0] is not None and answers[0] in shape


def _judges_places(spine: Spine, tensor: str) -> bool:
    """Tell whether the channels of ``tensor`` become one number before its places do.

    So does the distance of each place to the nearest of many that were seen (Roth et al. 2022,
    arXiv:2106.08265).
    """
    shape, later = spine.shape(tensor), spine.tensors.index(tensor) + 1
    if shape is None or later == len(spine.tensors):
        return False
    axis = channel_axis(spine, tensor)
    places = [size for size in (*shape[:axis], *shape[axis + 1 :]) if size != 1]
    left = [size for size in spine.shape(spine.tensors[later]) or () if size != 1]
    return None not in shape and places == left and [shape[axis]] != places


def _last_before(spine: Spine, tensor: str) -> str | None:
    """Return the last carrier before the layers that make ``tensor``, as it was before it was laid out."""
    deep, at = spine.depths[tensor], spine.tensors.index(tensor)
    before = (name for name in reversed(spine.tensors[:at]) if spine.depths[name] < deep)
    last = next(before, None)
    if last is None or not spine.structured(last):
        return None
    whole = _laid_out_from(spine, last)
    return whole if whole != spine.source and pools_rows(spine, whole) else None


def _after_layer(spine: Spine, tensor: str) -> Iterator[Node]:
    """Yield the nodes between ``tensor`` and the weighted layer behind it: activations, bias."""
    node = spine.producer(tensor)
    while node is not None and node not in spine.layers:
        yield node
        node = spine.producer(spine.reads(node)[0])


def _layer(spine: Spine, tensor: str) -> Node | None:
    """Return the weighted layer behind ``tensor``, looking through activations and bias."""
    node = spine.producer(tensor)
    while node is not None and node not in spine.layers:
        reads = spine.reads(node)
        if len(reads) != 1:
            return None
        node = spine.producer(reads[0])
    return node
