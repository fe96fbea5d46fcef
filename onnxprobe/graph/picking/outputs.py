"""Models with several outputs: the pick for each, and the one for all."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from onnxprobe.errors import GraphError, quoted
from onnxprobe.graph.model import Model
from onnxprobe.graph.picking.answer import Alternative, Pick
from onnxprobe.graph.picking.decide import decide
from onnxprobe.graph.picking.spine import Spine, trace

_MOST_OUTPUTS: Final = 32
"""So many outputs are picked for one by one; detectors and language models may have hundreds."""


def together(joint: Spine, apart: tuple[Pick, ...]) -> Pick:
    """Return the pick for all outputs at once; where it is shallow, that of the deepest output."""
    whole = decide(joint)
    if whole.ambiguous and _agree(joint, apart):
        whole = replace(apart[0], outputs=joint.live.outputs)
    tips = [p for p in apart if p.source == joint.source and not p.ambiguous]
    deepest = max(tips, key=lambda p: joint.depths.get(p.tensor, 0), default=None)
    found, first = whole, list[str]()
    if whole.ambiguous and deepest is not None:
        shared = f"the outputs share no tensor deeper than {whole.tensor!r}; this is the pick for "
        found, first = deepest, [shared + quoted(deepest.outputs)]
    rest = tuple(_for_outputs(apart, found))
    return replace(
        found,
        ambiguous=whole.ambiguous,
        reasons=(*first, *found.reasons, *_others(found, apart)),
        alternatives=tuple({a.tensor: a for a in (*rest, *found.alternatives)}.values()),
        per_output=apart,
    )


def _agree(joint: Spine, apart: tuple[Pick, ...]) -> bool:
    """Tell whether each output by itself clearly gives the same tensor."""
    clear = all(p.source == joint.source and not p.ambiguous for p in apart)
    every = len(apart) == len(joint.live.outputs)
    return clear and every and len({p.tensor for p in apart}) == 1


def _for_outputs(apart: tuple[Pick, ...], found: Pick) -> Iterator[Alternative]:
    """Yield what is picked for single outputs, each tensor once; a model input is no tensor to tap."""
    others = [p for p in apart if p.tensor not in {found.tensor, p.source}]
    for other in {p.tensor: p for p in others}.values():
        names = quoted(name for p in apart if p.tensor == other.tensor for name in p.outputs)
        source = "" if other.source == found.source else f", computed from {other.source!r}"
        yield Alternative(other.tensor, other.shape, f"the pick for {names} alone{source}")


def _others(found: Pick, apart: tuple[Pick, ...]) -> tuple[str, ...]:
    same = [name for p in apart if p.tensor == found.tensor for name in p.outputs]
    return (f"{quoted(same)} alone give the same tensor",) if len(same) > 1 else ()


def each(model: Model, source: str) -> tuple[Pick, ...]:
    """Return the pick for every output by itself; outputs that come from no layer are left out."""
    found: list[Pick] = []
    for name in model.outputs[:_MOST_OUTPUTS]:
        try:
            found.append(decide(_trace_from(model, name, source)))
        except GraphError:
            continue
    return tuple(found)


def _trace_from(model: Model, output: str, source: str) -> Spine:
    try:
        return trace(model, (output,), source)
    except GraphError:
        return trace(model, (output,))
