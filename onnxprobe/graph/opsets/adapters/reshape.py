"""Reshape: the shape became an input with opset 5."""

from dataclasses import replace
from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, Rule, Site, attribute_to_input

_PLAIN: Final = attribute_to_input("Reshape", 5, "shape")


def _up(site: Site) -> Nodes:
    *new, node = _PLAIN.up(site)
    return [*new, replace(site, node=node).copy(node.input, ["consumed_inputs"])]


RESHAPE: Final = (Rule("Reshape", 5, _up, _PLAIN.down),)
