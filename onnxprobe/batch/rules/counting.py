"""Places that count through the rows of all pictures: what moves them, and what looks up by them."""

from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Counting, Crossing, Flow, Rows
from onnxprobe.batch.rules import moving, places, regroup
from onnxprobe.batch.rules._base import Here, Rule, Step, is_fixed

_SAME: Final = frozenset({"Cast", "Identity"})
_MOVED: Final = (moving.TRANSPOSE, moving.UNSQUEEZE, moving.SQUEEZE, regroup.RESHAPE)
"""Rules under which single numbers stay what they are."""
_AT: Final = (places.GATHER, places.GATHER_ND, places.SCATTER_ND)
"""Rules of what reads places as its second input."""


def meets(here: Here) -> bool:
    """Tell whether a node reads places that count through the rows of all pictures."""
    return any(isinstance(flow, Counting) for flow in here.flows)


def follow(rule: Rule, here: Here) -> Step:
    """Let such places through a node that moves them, looks up by them or writes at them.

    Raises:
        Crossing: the node does something else with them.
    """
    counting = [isinstance(flow, Counting) for flow in here.flows]
    if rule in _AT and counting[:2] == [False, True] and not any(counting[2:]):
        return rule.follow(here)
    flow, *others = here.flows
    if isinstance(flow, Counting) and all(map(is_fixed, others)):
        if here.node.op in _SAME:
            return Step((flow,))
        if rule in _MOVED and flow.column is None:
            step = rule.follow(replace(here, flows=(Rows(flow.axis, flow.times), *others)))
            return replace(step, flows=tuple(_again(out, flow) for out in step.flows))
    raise Crossing("computes with places that count through the rows of all pictures")


def _again(out: Flow, counting: Counting) -> Flow:
    return replace(counting, axis=out.axis, times=out.times) if isinstance(out, Rows) else out
