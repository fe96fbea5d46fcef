"""Choosing the last tensor before a network compresses what it knows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from onnxprobe.errors import GraphError, quoted
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model
from onnxprobe.graph.picking import wording
from onnxprobe.graph.picking.alternatives import (
    Alternative,
    branch_tips,
    vectors_after,
)
from onnxprobe.graph.picking.classmap import before_class_map
from onnxprobe.graph.picking.landing import Landing, Role, land
from onnxprobe.graph.picking.spine import Spine, trace
from onnxprobe.graph.picking.stepback import Step, step_back

__all__ = ["Alternative", "Pick", "Role", "pick"]

_MOST_OUTPUTS: Final = 32
"""So many outputs are picked for one by one; detectors and language models may have hundreds."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The tensor to probe, and why.

    Attributes:
        tensor: its name.
        shape: of one sample, without the batch; sizes that are not known are ``None``.
        op: the operator that writes it; ``"input"`` for a model input.
        role: why it is picked (see ``picking.landing.Role``).
        ratio: how many times fewer numbers are left right after it; ``None`` if not known.
        depth: share of the weighted layers that lie before it, 0 to 1.
        ambiguous: whether no single tensor is a clear answer; look at ``alternatives``.
        reasons: sentences.
        alternatives: other tensors one may have meant.
        follows: operators between it and the outputs.
        source: the model input it is computed from.
        outputs: the outputs it is picked for.
        per_output: where there are several outputs, the pick for each by itself.
    """

    tensor: str
    shape: tuple[int | None, ...] | None
    op: str
    role: Role
    ratio: float | None
    depth: float
    ambiguous: bool
    reasons: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    follows: tuple[str, ...]
    source: str
    outputs: tuple[str, ...]
    per_output: tuple["Pick", ...] = ()


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
    found = _decide(joint) if len(outputs) == 1 else _together(joint, _each(flat, joint.source))
    if found.tensor in model.values:
        return found
    return replace(found, reasons=(*found.reasons, wording.inside(found.tensor)))


def _decide(spine: Spine) -> Pick:
    landing = land(spine)
    if landing is None:
        raise GraphError(
            f"between {spine.source!r} and {quoted(spine.live.outputs)} no tensor carries "
            f"everything into a layer with weights: there is nothing to pick{_hidden(spine)}"
        )
    steps = step_back(spine, landing)
    tensor = steps[-1].tensor if steps else landing.tensor
    before = before_class_map(spine, tensor) if landing.role == "collapse" else None
    if before is None:
        return _described(spine, landing, tensor, steps)
    found = _described(spine, replace(landing, role="class-map", follows=tensor), before, ())
    literal = Alternative(tensor, spine.shape(tensor), "the map of the classes that is pooled")
    return replace(found, alternatives=(literal, *found.alternatives))


def _hidden(spine: Spine) -> str:
    nested = wording.nested(spine)
    return "" if nested is None else f"; {nested}"


def _described(spine: Spine, landing: Landing, tensor: str, steps: tuple[Step, ...]) -> Pick:
    node, squeezed = spine.producer(tensor), _squeezed(spine, tensor)
    interior = landing.role == "interior-bottleneck" and squeezed is not None
    layers = spine.depths[squeezed] if interior and squeezed is not None else spine.deepest
    depth = spine.depths[tensor] / max(1, layers)
    ambiguous = _bypassed(spine, tensor) > spine.depths[tensor]
    said = (
        wording.what(spine, landing, tensor),
        None if squeezed is None else wording.squeeze(spine, tensor, squeezed),
        *wording.stepped(steps),
        wording.place(spine.depths[tensor], layers, depth),
        _AMBIGUOUS if ambiguous else None,
        wording.nested(spine),
        wording.unknown(spine),
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
        alternatives=branch_tips(spine) if ambiguous else vectors_after(spine, tensor),
        follows=wording.afterwards(spine, tensor),
        source=spine.source,
        outputs=spine.live.outputs,
    )


def _bypassed(spine: Spine, tensor: str) -> int:
    """Return how many layers lie between ``tensor`` and the next one that carries everything."""
    at = spine.tensors.index(tensor) + 1 if tensor in spine.members else len(spine.tensors)
    after = spine.depths[spine.tensors[at]] if at < len(spine.tensors) else spine.deepest
    return after - spine.depths[tensor]


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


_AMBIGUOUS: Final = (
    "most layers come after it, in branches that no single tensor carries on: choose from the "
    "alternatives"
)


def _together(joint: Spine, each: tuple[Pick, ...]) -> Pick:
    """Return the pick for all outputs at once; where it is shallow, that of the deepest output."""
    whole = _decide(joint)
    tips = [p for p in each if p.source == joint.source and not p.ambiguous]
    deepest = max(tips, key=lambda p: joint.depths.get(p.tensor, 0), default=None)
    found, first = whole, list[str]()
    if whole.ambiguous and deepest is not None:
        shared = f"the outputs share no tensor deeper than {whole.tensor!r}; this is the pick for "
        found, first = deepest, [shared + quoted(deepest.outputs)]
    rest = tuple(_for_outputs(each, found))
    return replace(
        found,
        ambiguous=whole.ambiguous,
        reasons=(*first, *found.reasons, *_others(found, each)),
        alternatives=tuple({a.tensor: a for a in (*rest, *found.alternatives)}.values()),
        per_output=each,
    )


def _for_outputs(each: tuple[Pick, ...], found: Pick) -> Iterator[Alternative]:
    """Yield what is picked for single outputs, each tensor once."""
    for other in {p.tensor: p for p in each if p.tensor != found.tensor}.values():
        names = quoted(name for p in each if p.tensor == other.tensor for name in p.outputs)
        source = "" if other.source == found.source else f", computed from {other.source!r}"
        yield Alternative(other.tensor, other.shape, f"the pick for {names} alone{source}")


def _others(found: Pick, each: tuple[Pick, ...]) -> tuple[str, ...]:
    same = [name for p in each if p.tensor == found.tensor for name in p.outputs]
    return (f"{quoted(same)} alone give the same tensor",) if len(same) > 1 else ()


def _each(model: Model, source: str) -> tuple[Pick, ...]:
    """Return the pick for every output by itself; outputs that come from no layer are left out."""
    found: list[Pick] = []
    for name in model.outputs[:_MOST_OUTPUTS]:
        try:
            found.append(_decide(_trace_from(model, name, source)))
        except GraphError:
            continue
    return tuple(found)


def _trace_from(model: Model, output: str, source: str) -> Spine:
    try:
        return trace(model, (output,), source)
    except GraphError:
        return trace(model, (output,))
