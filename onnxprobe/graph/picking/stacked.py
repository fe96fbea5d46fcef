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
        if not all(spine.structured(name) or _is_vector(spine, name) for name in reads):
            return False
        seen.update(reads)
        todo += filter(spine.structured, reads)
    return True


def _is_vector(spine: Spine, name: str) -> bool:
    """Tell whether ``name`` is a vector of a sample, and not one of many, as of a frame each, or a map in a row."""
    each = spine.batch in (spine.model.value(name).shape or ())
    return each and not _laid_in_a_row(spine, name)


def _laid_in_a_row(spine: Spine, name: str) -> bool:
    """Tell whether ``name`` has all numbers of a tensor with places, as a group normalisation reads them."""
    size = spine.elements(name)
    node = spine.producer(name)
    while node is not None and node not in spine.layers and len(spine.reads(node)) == 1:
        (name,) = spine.reads(node)
        if size is None or spine.elements(name) != size:
            return False
        if spine.structured(name):
            return True
        node = spine.producer(name)
    return False
