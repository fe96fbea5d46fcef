"""Pictures that are woven into each other: what works on each row by itself lets them through."""

from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Crossing, Flow, Rows, Woven
from onnxprobe.batch.rules import along, each, maps, moving, products, regroup
from onnxprobe.batch.rules._base import Here, Rule, Step, is_fixed

_BY_ROW: Final = (
    each.EACH,
    each.ADD,
    each.BROADCAST,
    each.DROPOUT,
    along.SOFTMAX,
    along.FROM_AXIS_ON,
    along.REDUCTION,
    maps.BATCH_NORMALIZATION,
    moving.TRANSPOSE,
    moving.UNSQUEEZE,
    products.MATMUL,
    products.GEMM,
)
"""Rules under which it is all the same in what order the rows of the pictures lie."""


def meets(here: Here) -> bool:
    """Tell whether a node reads pictures that are woven into each other."""
    return any(isinstance(flow, Woven) for flow in here.flows)


def follow(rule: Rule, here: Here) -> Step:
    """Let woven pictures through a node as if the rows of each lay together, and weave what comes out.

    Raises:
        Crossing: the node does more than to work on each row by itself, or reads what lies otherwise.
    """
    if rule is regroup.RESHAPE:
        return rule.follow(here)
    woven = [flow for flow in here.flows if isinstance(flow, Woven)]
    others = [flow for flow in here.flows if not isinstance(flow, Woven)]
    one, alike = woven[0], len({(flow.blocks, flow.times) for flow in woven}) == 1
    if rule not in _BY_ROW or not alike or not all(map(is_fixed, others)):
        raise Crossing(f"needs pictures apart that {one.by} weaves into each other")
    step = rule.follow(replace(here, flows=tuple(map(_together, here.flows))))
    if step.found:
        raise Crossing(f"reads what is for one picture beside what {one.by} weaves into each other")
    return replace(step, flows=tuple(_apart(flow, one) for flow in step.flows))


def _together(flow: Flow) -> Flow:
    return Rows(flow.axis, flow.size(1)) if isinstance(flow, Woven) else flow


def _apart(flow: Flow, woven: Woven) -> Flow:
    if not isinstance(flow, Rows) or flow.times != woven.size(1):
        raise Crossing(f"cuts pictures that {woven.by} weaves into each other")
    return replace(woven, axis=flow.axis)
