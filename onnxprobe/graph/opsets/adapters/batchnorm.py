"""BatchNormalization: what is only for training moved with opset 14; the rest is the same."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _same(site: Site) -> Nodes:
    if site.attribute("training_mode", 0) or sum(map(bool, site.node.output)) > 1:
        raise NoFormError("training")
    return [site.copy(site.node.input, ["training_mode"])]


BATCH_NORMALIZATION: Final = (Rule("BatchNormalization", 14, _same, _same),)
