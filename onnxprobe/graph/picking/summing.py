"""Poolings that multiply a map by something made of it: second-order pooling, NetVLAD."""

from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import LAYOUT, SELECTIONS, kind
from onnxprobe.graph.picking.spine import Spine

_PRODUCTS: Final = frozenset({"Einsum", "MatMul"})


def before_sums(spine: Spine, tensor: str) -> tuple[str, Node] | None:
    """Return the carrier before ``tensor`` was summed up over its places, and the node that does.

    A product of two features with no layer after it and no residual around it has no places any
    more, though it looks structured: channels by channels (Lin et al. 2015, arXiv:1504.07889), or
    centres by channels (Arandjelović et al. 2016, arXiv:1511.07247).
    """
    made = spine.producer(tensor)
    if made is None:
        return None
    for node in reversed(spine.live.reads):
        if node.index > made.index:
            continue
        if node in spine.layers:
            return None
        if kind(node) in _PRODUCTS and len(node.reads) > 1:
            return _before(spine, node)
    return None


def _before(spine: Spine, product: Node) -> tuple[str, Node] | None:
    """Return the last carrier before ``product``, unless it is added again to what comes of it."""
    at = max((i for i, name in enumerate(spine.tensors) if _index(spine, name) < product.index))
    before = spine.tensors[at]
    after = spine.producer(spine.tensors[at + 1]) if at + 1 < len(spine.tensors) else None
    residual = after is not None and after is not product and before in spine.reads(after)
    if residual or not spine.structured(before):
        return None
    return _before_packing(spine, before) or before, product


def _before_packing(spine: Spine, packed: str) -> str | None:
    """Return what the layer reads that makes ``packed``, if that is keys beside values.

    An attention pooling with one projection for both (torch's MultiheadAttention) parts its answer
    again at once; what it reads is what is pooled.
    """
    readers = [node for node in spine.model.readers.get(packed, ()) if node in spine.live.reads]
    parts = [name for node in readers for name in node.writes if name in spine.live.tensors]
    if len(parts) < 2 or any(kind(node) not in SELECTIONS for node in readers):  # noqa: PLR2004
        return None
    node = spine.producer(packed)
    while node is not None and len(spine.reads(node)) == 1 and kind(node) in LAYOUT | {"Add"}:
        node = spine.producer(spine.reads(node)[0])
    if node is None or node not in spine.layers:
        return None
    read = spine.reads(node)[0]
    return read if read in spine.members and spine.structured(read) else None


def _index(spine: Spine, name: str) -> int:
    node = spine.producer(name)
    return -1 if node is None else node.index
