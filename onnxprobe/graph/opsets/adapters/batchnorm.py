"""BatchNormalization: what is only for training moved with opset 14; the rest is the same.

Before opset 9 it could normalise each place of a picture for itself.
"""

from typing import Final

from onnx import helper

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _same(site: Site) -> Nodes:
    if site.attribute("training_mode", 0) or sum(map(bool, site.node.output)) > 1:
        raise NoFormError("training")
    return [site.copy(site.node.input, ["training_mode"])]


def _without_places(site: Site) -> Nodes:
    """Normalise channels; where it was each place of each, make each place a channel."""
    per_channel = site.attribute("spatial", 1) or site.rank(1) == 1
    if per_channel:
        return [site.copy(site.node.input, ["spatial"])]
    if sum(map(bool, site.node.output)) > 1:
        raise NoFormError("training")
    data, result = site.node.input[0], site.node.output[0]
    flat = helper.make_node("Flatten", [data], [site.fresh("flat")], axis=1)
    weights = []
    for position, name in enumerate(("scale", "bias", "mean", "variance"), 1):
        values = site.read(position, "weights")
        if values is None:
            raise NoFormError("weights that are left out")
        weights.append(site.constant(name, values.reshape(-1), values.dtype))
    norm = site.copy([flat.output[0], *(w.output[0] for w in weights)], ["spatial"])
    norm.output[0] = site.fresh("normalised")
    shape = helper.make_node("Shape", [data], [site.fresh("shape")])
    ends = [norm.output[0], shape.output[0]]
    return [flat, *weights, norm, shape, helper.make_node("Reshape", ends, [result])]


def _with_places(site: Site) -> Nodes:
    return [site.copy(site.node.input)]


BATCH_NORMALIZATION: Final = (
    Rule("BatchNormalization", 9, _without_places, _with_places),
    Rule("BatchNormalization", 14, _same, _same),
)
