"""Picking along one spine: land, step back, look whether it is a map of classes, say why."""

from dataclasses import replace
from itertools import islice
from typing import Final

from onnxprobe.errors import GraphError, quoted
from onnxprobe.graph.picking import wording
from onnxprobe.graph.picking.alternatives import branch_tips, readable, vectors_after
from onnxprobe.graph.picking.answer import Alternative, Pick
from onnxprobe.graph.picking.classmap import class_map
from onnxprobe.graph.picking.landing import Landing, land, penultimate
from onnxprobe.graph.picking.projection import before_projection
from onnxprobe.graph.picking.spine import Spine
from onnxprobe.graph.picking.stepback import Step, step_back

_AMBIGUOUS: Final = (
    "most layers come after it, in branches that no single tensor carries on: choose from the "
    "alternatives"
)
_INPUT: Final = "it is the input itself: nothing behind it that is learnt carries everything"
_ANSWERED: Final = "the map of what is answered, which is pooled"
_TIP: Final = (
    "nothing but the input carries everything: this is the tip of the branch with most layers, and the "
    "alternatives are those of others"
)


def decide(spine: Spine) -> Pick:
    """Return the pick of one spine.

    Raises:
        GraphError: no layer reads a tensor that carries everything.
    """
    landing = land(spine)
    if landing is None:
        raise GraphError(
            f"between {spine.source!r} and {quoted(spine.live.outputs)} no tensor carries "
            f"everything into a layer with weights: there is nothing to pick{_hidden(spine)}"
        )
    steps = step_back(spine, landing)
    tensor = steps[-1].tensor if steps else landing.tensor
    classes = class_map(spine, tensor) if landing.role == "collapse" else None
    if classes is None:
        steps += (
            before_projection(spine, landing, tensor, steps) if landing.role == "collapse" else ()
        )
        tensor = steps[-1].tensor if steps else tensor
        return _past_the_input(spine, _described(spine, landing, tensor, steps))
    if classes.less:
        landing = replace(landing, role="class-map", follows=tensor)
        found = _described(spine, landing, classes.before, ())
        other = Alternative(tensor, spine.shape(tensor), _ANSWERED)
        said = () if classes.named is None else (wording.called(classes.named),)
        return _with(found, other, said)
    found = _described(spine, landing, tensor, steps)
    why = f"what the last layer reads, should the channels of {tensor!r} be classes"
    other = Alternative(classes.before, spine.shape(classes.before), why)
    doubt = wording.doubt(tensor, classes.before)
    return replace(_with(found, other, (doubt,)), doubt=doubt)


def _with(found: Pick, first: Alternative, said: tuple[str, ...]) -> Pick:
    """Return ``found`` with one more alternative, and more reasons."""
    alternatives, reasons = (first, *found.alternatives), (*found.reasons, *said)
    return replace(found, alternatives=alternatives, reasons=reasons)


def _past_the_input(spine: Spine, found: Pick) -> Pick:
    """Return ``found``, or where it is but the input itself what is learnt after that.

    It is the deepest of the tips of its branches, or where it has none, as in a perceptron, what
    the last layer reads.
    """
    if found.tensor != spine.source or not found.ambiguous:
        return found
    if not found.alternatives:
        last = penultimate(spine)
        if last is None or not spine.depths[last.tensor]:
            return found
        return _described(spine, last, last.tensor, ())
    tip = max(found.alternatives, key=lambda other: spine.depths[other.tensor])
    before, node = spine.depths[tip.tensor], spine.producer(tip.tensor)
    depth = before / max(1, spine.deepest)
    return replace(
        found,
        tensor=tip.tensor,
        shape=tip.shape,
        op="input" if node is None else node.op,
        ratio=None,
        depth=round(depth, 3),
        reasons=(_TIP, wording.place(before, spine.deepest, depth)),
        alternatives=tuple(other for other in found.alternatives if other is not tip),
        follows=wording.afterwards(spine, tip.tensor),
    )


def _hidden(spine: Spine) -> str:
    nested = wording.nested(spine)
    return "" if nested is None else f"; {nested}"


def _described(spine: Spine, landing: Landing, tensor: str, steps: tuple[Step, ...]) -> Pick:
    node, squeezed = spine.producer(tensor), _squeezed(spine, tensor)
    interior = landing.role == "interior-bottleneck" and squeezed is not None
    layers = spine.depths[squeezed] if interior and squeezed is not None else spine.deepest
    depth = spine.depths[tensor] / max(1, layers)
    later = _bypassed(spine, tensor)
    untouched = tensor == spine.source
    ambiguous = untouched or later > spine.depths[tensor]
    said = (
        wording.what(spine, landing, tensor, later),
        None if squeezed is None else wording.squeeze(spine, tensor, squeezed),
        *wording.stepped(steps),
        wording.place(spine.depths[tensor], layers, depth),
        _INPUT if untouched else _AMBIGUOUS if ambiguous else None,
        wording.rounded(spine, tensor),
        wording.nested(spine),
        wording.unknown(spine),
        wording.guessed(spine),
    )
    return Pick(
        tensor=tensor,
        shape=spine.shape(tensor),
        op="input" if node is None else node.op,
        role=landing.role,
        ratio=None if squeezed is None else _ratio(spine, tensor, squeezed),
        depth=round(depth, 3),
        ambiguous=ambiguous,
        reasons=tuple(reason for reason in said if reason is not None),
        alternatives=(
            *readable(spine, tensor),
            *(branch_tips(spine, tensor) if ambiguous else vectors_after(spine, tensor)),
        ),
        follows=wording.afterwards(spine, tensor),
        source=spine.source,
        outputs=spine.live.outputs,
    )


def _bypassed(spine: Spine, tensor: str) -> int:
    """Return how many layers lie between ``tensor`` and the next deeper one that carries everything."""
    here = spine.depths[tensor]
    at = spine.tensors.index(tensor) + 1 if tensor in spine.members else len(spine.tensors)
    later = (spine.depths[name] for name in islice(spine.tensors, at, None))
    return next((depth for depth in later if depth > here), spine.deepest) - here


def _squeezed(spine: Spine, tensor: str) -> str | None:
    """Return the first vector after ``tensor`` that holds fewer numbers, or else any tensor."""
    size = spine.elements(tensor)
    if size is None or tensor not in spine.members:
        return None
    later = islice(spine.tensors, spine.tensors.index(tensor) + 1, None)
    sized = ((name, spine.elements(name)) for name in later)
    fewer = [name for name, left in sized if left is not None and left < size]
    return next((name for name in fewer if not spine.structured(name)), next(iter(fewer), None))


def _ratio(spine: Spine, tensor: str, squeezed: str) -> float:
    return round((spine.elements(tensor) or 0) / max(1, spine.elements(squeezed) or 1), 2)
