"""What is only for training, of operators that said before opset 7 whether they train or are run."""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _up(site: Site) -> Nodes:
    if not site.attribute("is_test", 0):
        raise NoFormError("training")
    return [site.copy(site.node.input, ["is_test"])]


def _down(site: Site) -> Nodes:
    return [site.copy(site.node.input, is_test=1)]


TESTED: Final = tuple(Rule(op, 7, _up, _down) for op in ("BatchNormalization", "Dropout"))
