"""The free energy of the logits (Liu et al. 2020, arXiv:2010.03759): high where no class speaks up."""

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array
from onnxprobe.heads.novelty._base import Measure


def _apply(samples: Array, _anchors: Array) -> Array:
    top = samples.max(axis=1, keepdims=True)
    energy: Array = -(top + np.log(np.exp(samples - top).sum(axis=1, keepdims=True)))
    return energy


def _nodes(build: Builder, samples: str, _anchors: Array, out: str) -> None:
    top = build.reduce("ReduceMax", samples, [1], keepdims=1)
    raised = build.op("Exp", build.op("Sub", samples, top))
    total = build.op("Log", build.reduce("ReduceSum", raised, [1], keepdims=1))
    build.op("Neg", build.op("Add", top, total), out=out)


ENERGY = Measure("energy", _apply, _nodes)
