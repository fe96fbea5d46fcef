"""The first rows of what has several for each picture: parts that all rows have alike are taken of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from onnxprobe.batch.flow import Crossing, Partly
from onnxprobe.batch.rules import moving, places
from onnxprobe.batch.rules._base import Here, Rule, Step, counted_from_front, is_fixed


def meets(here: Here) -> bool:
    """Tell whether a node reads such rows."""
    return any(isinstance(flow, Partly) for flow in here.flows)


def follow(rule: Rule, here: Here) -> Step:
    """Let a node take what all rows have alike: from there on each picture has its own rows.

    Raises:
        Crossing: it takes more, or does something else.
    """
    flow, *others = here.flows
    taken = _TAKEN.get(rule)
    if taken is None or not isinstance(flow, Partly) or not all(map(is_fixed, others)):
        raise Crossing("reads rows of other pictures")
    size = here.shape()[flow.axis]
    if any(place % size not in flow.places for place in taken(here, flow.axis, size)):
        raise Crossing(f"takes parts of other pictures, of which {flow.by} takes the first rows")
    return rule.follow(replace(here, flows=(flow.rows, *others)))


def _gathered(here: Here, axis: int, size: int) -> Sequence[int]:
    along = counted_from_front(here.node.attribute("axis", 0), here.rank())
    said = here.numbers(1) if along == axis else None
    return range(size) if said is None else said[0]


_TAKEN: Final = {places.GATHER: _gathered, moving.SLICE: moving.taken}
"""Which places along an axis a rule takes."""
