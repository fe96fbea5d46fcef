"""Pictures that are woven into each other: what works on each row by itself lets them through."""

from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Crossing, Flow, Rows, Unsure, Woven
from onnxprobe.batch.rules import (
    along,
    blocks,
    each,
    growing,
    maps,
    moving,
    places,
    products,
    regroup,
)
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Rule,
    Setting,
    Step,
    Unwoven,
    Values,
    counted_from_front,
    is_fixed,
)

_BY_ROW: Final = (
    each.EACH,
    each.ADD,
    each.BROADCAST,
    each.DROPOUT,
    along.SOFTMAX,
    along.FROM_AXIS_ON,
    along.REDUCTION,
    growing.CONCAT,
    growing.EXPAND,
    growing.RESIZE,
    maps.BATCH_NORMALIZATION,
    maps.MAPS,
    maps.MAX_POOL,
    moving.PAD,
    moving.SLICE,
    moving.SPLIT,
    moving.TRANSPOSE,
    moving.UNSQUEEZE,
    places.GATHER,
    products.MATMUL,
    products.GEMM,
)
"""Rules under which it is all the same in what order the rows of the pictures lie."""

_SIZED: Final = (growing.EXPAND, growing.RESIZE)
"""Rules of what is told, behind its first input, how large that becomes."""

_SIZES: Final = (Counted, Setting, Values)
"""Repairs that say how much there is, not what is for which picture."""


def meets(here: Here) -> bool:
    """Tell whether a node reads pictures that are woven into each other."""
    return any(isinstance(flow, Woven) for flow in here.flows)


def follow(rule: Rule, here: Here) -> Step:
    """Let woven pictures through a node as if the rows of each lay together, and weave what comes out.

    What cuts blocks apart, joins others to them or regroups them is followed as such.

    Raises:
        Crossing: the node does more than to work on each row by itself, or reads what lies otherwise.
    """
    woven = [flow for flow in here.flows if isinstance(flow, Woven)]
    others = [flow for flow in here.flows if not isinstance(flow, Woven)]
    one, alike = woven[0], len({(flow.blocks, flow.times) for flow in woven}) == 1
    if rule is regroup.RESHAPE:
        return rule.follow(here)
    if blocks.cuts(rule, here, one):
        return blocks.CUT[rule](here, one)
    works = counted_from_front(here.node.attribute("axis", 0), here.rank())
    if rule is growing.CONCAT and works == one.axis:
        return rule.follow(here)
    apart = rule not in _BY_ROW or (rule is places.GATHER and works == one.axis)
    sizes = rule in _SIZED and here.flows[0] == one
    if apart or not alike or not (sizes or all(map(is_fixed, others))):
        raise Crossing(f"needs pictures apart that {one.by} weaves into each other")
    step = rule.follow(replace(here, flows=tuple(map(_together, here.flows))))
    if not all(isinstance(found.repair, _SIZES) for found in step.found):
        raise Crossing(f"reads what is for one picture beside what {one.by} weaves into each other")
    return replace(step, flows=tuple(_apart(flow, one) for flow in step.flows))


def unwoven(rule: Rule, here: Here) -> Step:
    """Put blocks in order, one picture after the other, before a node that needs pictures apart.

    With one picture they are in both orders, so it is the one that a file which takes one is made for.

    Raises:
        Crossing: it takes several, or the node mixes pictures whose rows lie together too.
    """
    woven = {i: flow for i, flow in enumerate(here.flows) if isinstance(flow, Woven)}
    if here.batches[0] != 1 or here.open or not woven:
        raise Crossing("takes several pictures, or has none woven into each other")
    step = rule.follow(replace(here, flows=tuple(map(_together, here.flows))))
    if any(getattr(found.repair, "position", None) in woven for found in step.found):
        raise Crossing("has to be mended where pictures are woven into each other")
    return replace(step, found=(*(_ordered(here, i, woven[i]) for i in woven), *step.found))


def _ordered(here: Here, position: int, woven: Woven) -> Found:
    wrote = f"reads {here.node.inputs[position]!r}, {woven.blocks} blocks with all pictures in each"
    repair = Unwoven(position, woven.axis, woven.blocks, here.shape(position))
    return Found(wrote, "one picture after the other", repair)


def _together(flow: Flow) -> Flow:
    return Rows(flow.axis, flow.size(1)) if isinstance(flow, Woven) else flow


def _apart(flow: Flow, woven: Woven) -> Flow:
    if isinstance(flow, Unsure):
        return flow
    if not isinstance(flow, Rows) or flow.times != woven.size(1):
        raise Crossing(f"cuts pictures that {woven.by} weaves into each other")
    return replace(woven, axis=flow.axis)
