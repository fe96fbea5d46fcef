"""Clip: its bounds became inputs with opset 11."""

from typing import Any, Final

import numpy as np

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _up(site: Site) -> Nodes:
    value = site.model.values.get(site.node.input[0])
    dtype = np.dtype((value and value.dtype) or "float32")
    new: Nodes = []
    inputs = [site.node.input[0]]
    for name in ("min", "max"):
        bound = site.attribute(name)
        if bound is None:
            inputs.append("")
            continue
        new.append(site.constant(name, bound, dtype))
        inputs.append(new[-1].output[0])
    return [*new, site.copy(inputs, ["min", "max"])]


def _down(site: Site) -> Nodes:
    bounds: dict[str, Any] = {}
    for position, name in ((1, "min"), (2, "max")):
        bound = site.read(position, "bounds")
        if bound is None:
            continue
        if bound.dtype.kind != "f":
            raise NoFormError(f"{bound.dtype} numbers")
        bounds[name] = float(bound.reshape(()))
    return [site.copy([site.node.input[0]], **bounds)]


CLIP: Final = (Rule("Clip", 11, _up, _down),)
