"""Concat: the axis must be said from opset 4 on; it was 1 where it was not."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, Rule, Site

_AXIS: Final = 1


def _up(site: Site) -> Nodes:
    return [site.copy(site.node.input, axis=site.attribute("axis", _AXIS))]


def _down(site: Site) -> Nodes:
    return [site.copy(site.node.input)]


CONCAT: Final = (Rule("Concat", 4, _up, _down),)
