"""Pad: how much and with what became inputs with opset 11."""

from typing import Final

import numpy as np

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _up(site: Site) -> Nodes:
    new = [site.constant("pads", site.attribute("pads"))]
    value = site.attribute("value", 0.0)
    if value:
        known = site.model.values.get(site.node.input[0])
        new.append(site.constant("value", value, np.dtype((known and known.dtype) or "float32")))
    inputs = [site.node.input[0], *(node.output[0] for node in new)]
    return [*new, site.copy(inputs, ["pads", "value"])]


def _down(site: Site) -> Nodes:
    pads, value = site.read(1, "pads"), site.read(2, "values")
    if pads is None or site.read(3, "axes") is not None:
        raise NoFormError("pads for some axes only")
    said = {} if value is None else {"value": float(value.reshape(()))}
    return [site.copy([site.node.input[0]], (), pads=pads.tolist(), **said)]


def _named_pads(site: Site) -> Nodes:
    return [site.copy(site.node.input, ["paddings"], pads=site.attribute("paddings"))]


def _named_paddings(site: Site) -> Nodes:
    return [site.copy(site.node.input, ["pads"], paddings=site.attribute("pads"))]


PAD: Final = (
    Rule("Pad", 2, _named_pads, _named_paddings),
    Rule("Pad", 11, _up, _down),
)
