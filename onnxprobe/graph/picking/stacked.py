"""Branches that each give the answer, stacked to be averaged: what they know lies before that."""

from onnxprobe.graph.picking.landing import before_answer
from onnxprobe.graph.picking.ops import LAYOUT, kind
from onnxprobe.graph.picking.spine import Spine


def stacked_answers(spine: Spine, tensor: str) -> int:
    """Return how many branches' answers ``tensor`` holds, one beside the other; 0 if it is no stack.

    An ensemble in one file, or a network of two scales (CrossViT, Chen et al. 2021,
    arXiv:2103.14899), stacks the class scores of its branches and averages them. The stack has a
    structure, but nothing that the scores do not say.
    """
    node = spine.producer(tensor)
    while node is not None and kind(node) in LAYOUT:
        node = spine.producer(spine.reads(node)[0])
    if node is None or kind(node) != "Concat" or len(spine.live.outputs) != 1:
        return 0
    size = spine.elements(spine.live.outputs[0])
    if size is None or spine.depths[tensor] < spine.deepest:
        return 0
    answers = spine.reads(node)
    alike = all(
        spine.elements(name) == size and before_answer(spine, name) in spine.layers
        for name in answers
    )
    return len(answers) if alike and len(answers) > 1 else 0
