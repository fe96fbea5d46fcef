"""Stepping back from where a network compresses to the tensor that says the same, or more."""

from dataclasses import dataclass

from onnxprobe.graph.model import Node
from onnxprobe.graph.paths.ops import kind
from onnxprobe.graph.picking.channels import usually_laid
from onnxprobe.graph.picking.landing import Landing
from onnxprobe.graph.picking.place import Place
from onnxprobe.graph.picking.rules import RULES
from onnxprobe.graph.picking.spine import Spine
from onnxprobe.graph.picking.summing import before_sums


@dataclass(frozen=True, slots=True)
class Step:
    """One step back: to which tensor, over which node, and why."""

    tensor: str
    node: Node
    why: str


def step_back(spine: Spine, landing: Landing) -> tuple[Step, ...]:
    """Return the steps from ``landing`` to the earliest tensor that says the same or more.

    A tensor that is not laid out as usual (batch not first, channels of a map last) is passed through,
    never stopped at.
    """
    steps: list[Step] = []
    tensor = landing.tensor
    sums = before_sums(spine, tensor) if landing.role == "collapse" else None
    if sums is not None:
        tensor, node = sums
        steps.append(Step(tensor, node, "sums up all places for a pooling"))
    while (place := _place(spine, landing, tensor, steps)) is not None:
        why = next((why for rule in RULES if (why := rule(place)) is not None), None)
        if why is None:
            break
        tensor = place.before
        steps.append(Step(tensor, place.node, why))
    usable = [i for i, step in enumerate(steps) if usually_laid(spine, step.tensor)]
    return tuple(steps[: usable[-1] + 1 if usable else 0])


def _place(spine: Spine, landing: Landing, tensor: str, steps: list[Step]) -> Place | None:
    node = spine.producer(tensor)
    if node is None:
        return None
    carriers = [name for name in spine.reads(node) if name in spine.members]
    if len(carriers) != 1:
        return None
    over = tuple(kind(step.node) for step in steps)
    return Place(spine, landing, tensor, node, carriers[0], over)
