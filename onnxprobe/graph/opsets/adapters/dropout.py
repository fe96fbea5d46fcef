"""Dropout: its ratio became an input with opset 12. It does nothing when a model is run."""

from typing import Final

import numpy as np

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site

_DEFAULT: Final = 0.5


def _up(site: Site) -> Nodes:
    ratio = site.constant("ratio", site.attribute("ratio", _DEFAULT), np.float32)
    return [ratio, site.copy([site.node.input[0], ratio.output[0]], ["ratio"])]


def _down(site: Site) -> Nodes:
    training = site.read(2, "training modes")
    if training is not None and bool(training.reshape(())):
        raise NoFormError("training_mode=1")
    ratio = site.read(1, "ratios")
    said = _DEFAULT if ratio is None else float(ratio.reshape(()))
    return [site.copy([site.node.input[0]], ["seed"], ratio=said)]


DROPOUT: Final = (Rule("Dropout", 12, _up, _down),)
