"""Slice: where it begins and ends became inputs with opset 10, and steps came."""

from typing import Any, Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site

_NAMES: Final = ("starts", "ends", "axes")


def _up(site: Site) -> Nodes:
    new: Nodes = []
    inputs = [site.node.input[0]]
    for name in _NAMES:
        values = site.attribute(name)
        if values is None:
            continue
        new.append(site.constant(name, values))
        inputs.append(new[-1].output[0])
    return [*new, site.copy(inputs, _NAMES)]


def _down(site: Site) -> Nodes:
    steps = site.read(4, "steps")
    if steps is not None and (steps != 1).any():
        raise NoFormError(f"steps of {steps.tolist()}")
    said: dict[str, Any] = {}
    for position, name in enumerate(_NAMES, start=1):
        values = site.read(position, name)
        if values is not None:
            said[name] = values.tolist()
    return [site.copy([site.node.input[0]], **said)]


SLICE: Final = (Rule("Slice", 10, _up, _down),)
