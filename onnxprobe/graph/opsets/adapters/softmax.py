"""Softmax and its like: along all axes from one on, until opset 13; along one axis since.

The two agree where the axis is the last one.
"""

from functools import partial
from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _written_out(site: Site, default: int) -> Nodes:
    axis, rank = int(site.attribute("axis", default)), site.rank()
    if axis != -1 and (rank is None or axis % rank != rank - 1):
        said = "an unknown number of" if rank is None else str(rank)
        raise NoFormError(f"axis {axis} of {said} axes")
    return [site.copy(site.node.input, axis=-1 if rank is None else rank - 1)]


SOFTMAX: Final = tuple(
    Rule(op, 13, partial(_written_out, default=1), partial(_written_out, default=-1))
    for op in ("Softmax", "LogSoftmax", "Hardmax")
)
