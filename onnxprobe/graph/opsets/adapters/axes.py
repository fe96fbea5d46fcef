"""Axes that were an attribute and became an input: of Squeeze, Unsqueeze and the reductions."""

from typing import Final

import numpy as np

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site, attribute_to_input

_REDUCTIONS: Final = (
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSumSquare",
)


def _reduction(op: str, at: int) -> Rule:
    plain = attribute_to_input(op, at, "axes")

    def down(site: Site) -> Nodes:
        axes = site.read(1, "axes")
        if site.attribute("noop_with_empty_axes", 0) and (axes is None or not np.size(axes)):
            raise NoFormError("noop_with_empty_axes=1 without axes")
        if axes is not None and not np.size(axes):
            return [site.copy([site.node.input[0]], ["noop_with_empty_axes"])]
        (node,) = plain.down(site)
        kept = [a for a in node.attribute if a.name != "noop_with_empty_axes"]
        del node.attribute[:]
        node.attribute.extend(kept)
        return [node]

    return Rule(op, at, plain.up, down)


AXES: Final = (
    attribute_to_input("Squeeze", 13, "axes"),
    attribute_to_input("Unsqueeze", 13, "axes"),
    _reduction("ReduceSum", 13),
    *(_reduction(op, 18) for op in _REDUCTIONS),
)
