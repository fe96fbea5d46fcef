"""Vectors in another shape: stacked, multiplied, cut into rows. What is known lies before that."""

from onnxprobe.graph.picking.spine import Spine


def made_of_vectors(spine: Spine, tensor: str) -> bool:
    """Tell whether no layer lies between a structured ``tensor`` and the vectors that it is made of.

    An ensemble in one file, or a network of several scales, stacks what its branches have come to,
    their scores (CrossViT, Chen et al. 2021, arXiv:2103.14899) or their class tokens (CoaT, Xu et al.
    2021, arXiv:2104.06399); a mixture of experts weighs the stack; an age is judged by one pair of
    chances a year. Such a tensor has an axis more, but no place is left in it.
    """
    todo, seen = [tensor], {tensor}
    while todo:
        node = spine.producer(todo.pop())
        if node is None or node in spine.layers:
            return False
        reads = [name for name in spine.reads(node) if name not in seen]
        if not all(spine.structured(name) or _a_sample_each(spine, name) for name in reads):
            return False
        seen.update(reads)
        todo += filter(spine.structured, reads)
    return True


def _a_sample_each(spine: Spine, vector: str) -> bool:
    """Tell whether a ``vector`` has the batch: else it may be one of many of a sample, as of a frame each."""
    return spine.batch in (spine.model.value(vector).shape or ())
