"""Vectors of several branches, stacked: what the branches know lies before that."""

from onnxprobe.graph.picking.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine


def stacks_vectors(spine: Spine, tensor: str) -> bool:
    """Tell whether ``tensor`` holds one vector of each branch, one beside the other.

    An ensemble in one file, or a network of several scales, stacks what its branches have come to,
    their scores (CrossViT, Chen et al. 2021, arXiv:2103.14899) or their class tokens (CoaT, Xu et al.
    2021, arXiv:2104.06399). The stack has an axis more, but no place is left in it.
    """
    node = spine.producer(tensor)
    while node is not None and kind(node) in LAYOUT:
        node = spine.producer(spine.reads(node)[0])
    if node is None or kind(node) != "Concat":
        return False
    parts = spine.reads(node)
    return len(parts) > 1 and not any(map(spine.structured, parts))
