"""Choosing the last tensor before a network compresses what it knows."""

from dataclasses import replace

from onnxprobe.errors import GraphError
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model
from onnxprobe.graph.picking import wording
from onnxprobe.graph.picking.answer import Alternative, Pick
from onnxprobe.graph.picking.decide import decide
from onnxprobe.graph.picking.landing import Role
from onnxprobe.graph.picking.outputs import each, together
from onnxprobe.graph.picking.spine import trace
from onnxprobe.graph.picking.twins import with_twins

__all__ = ["Alternative", "Pick", "Role", "pick"]


def pick(model: Model, output: str | None = None) -> Pick:
    """Return the last tensor before the network compresses what it knows about a sample.

    Along the one way from input to ``output`` (by default: to all outputs) that everything passes,
    it is the last tensor that still has a structure, a map or tokens, before all is one vector;
    stepped back over what only rearranges it. It is ambiguous when more layers with weights lie
    in branches right after it than before it (so it lies in the first half of the network): then
    no single tensor speaks for the network.

    Raises:
        NoSuchNameError: ``output`` is not a tensor of the model.
        GraphError: nothing flows from an input to the output, no layer lies between them, or the
            graph has a cycle.
    """
    if not model.outputs:
        raise GraphError("the model has no output, so there is nothing to pick for")
    outputs = model.outputs if output is None else (model.value(output).name,)
    flat = inline(model)
    joint = trace(flat, outputs)
    found = decide(joint) if len(outputs) == 1 else together(joint, each(flat, joint.source))
    found = with_twins(joint, found)
    if found.tensor in model.names:
        return found
    return replace(found, reasons=(*found.reasons, wording.inside(found.tensor)))
