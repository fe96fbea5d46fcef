"""Networks that pool a map of classes: what they know lies before the layer that makes it."""

from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.picking.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine

_DECISIONS: Final = frozenset({"ArgMax", "LogSoftmax", "Sigmoid", "Softmax"})


def before_class_map(spine: Spine, tensor: str) -> str | None:
    """Return what the layer that makes the class map ``tensor`` reads; ``None`` if it is not one.

    It is one when its channels are the answers, no layer with weights follows, and a softmax or
    the like turns them into a decision (SqueezeNet). A network whose output is the pooled map
    itself gives an embedding, and its map is no class map.
    """
    decided = _is_answer(spine, tensor) and _decides(spine, tensor)
    return _what_made(spine, tensor) if decided else None


def before_answer_map(spine: Spine, tensor: str) -> str | None:
    """Return the same where nothing turns the pooled map into a decision; ``None`` if something does.

    As torch exports a SqueezeNet: its logits look like an embedding, so one cannot tell.
    """
    undecided = _is_answer(spine, tensor) and not _decides(spine, tensor)
    return _what_made(spine, tensor) if undecided else None


def _what_made(spine: Spine, tensor: str) -> str | None:
    node = _layer(spine, tensor)
    if node is None:
        return None
    reads = [name for name in spine.reads(node) if name in spine.members]
    before = reads[0] if reads else None
    while before is not None:
        source = spine.producer(before)
        if source is None or kind(source) not in LAYOUT or not spine.structured(before):
            break
        inner = spine.reads(source)[0]
        if inner not in spine.members or not spine.structured(inner):
            break
        before = inner
    return before if before is not None and spine.structured(before) else None


def _is_answer(spine: Spine, tensor: str) -> bool:
    """Tell whether ``tensor`` has a channel for each number of the answer, and no layer follows."""
    if len(spine.live.outputs) != 1:
        return False
    answers = [size for size in spine.shape(spine.live.outputs[0]) or () if size != 1]
    shape = spine.shape(tensor)
    if len(answers) != 1 or answers[0] is None or shape is None or answers[0] not in shape:
        return False
    return not any(node in spine.layers for node in _later(spine, tensor))


def _decides(spine: Spine, tensor: str) -> bool:
    """Tell whether what comes of ``tensor`` is turned into a decision."""
    return any(kind(node) in _DECISIONS for node in _later(spine, tensor))


def _later(spine: Spine, tensor: str) -> list[Node]:
    made = spine.model.producers[tensor].index if tensor in spine.model.producers else -1
    return [node for node in spine.live.reads if node.index > made]


def _layer(spine: Spine, tensor: str) -> Node | None:
    """Return the weighted layer behind ``tensor``, looking through activations and bias."""
    node = spine.producer(tensor)
    while node is not None and node not in spine.layers:
        reads = spine.reads(node)
        if len(reads) != 1:
            return None
        node = spine.producer(reads[0])
    return node
