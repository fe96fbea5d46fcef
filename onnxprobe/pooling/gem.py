"""Generalised mean, between mean and max (Radenović et al. 2017, arXiv:1711.02512), with p = 3."""

from typing import Final

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.pooling._base import Array, Shape, of_maps, spatial

POWER: Final = 3
LEAST: Final = 1e-6
"""Activations are raised to this first, so that the root is of a positive number."""


def _apply(x: Array) -> Array:
    raised = np.maximum(x, np.float32(LEAST)).reshape(*x.shape[:2], -1)
    mean: Array = np.power((raised * raised * raised).mean(axis=2), np.float32(1 / POWER))
    return mean


def _nodes(build: Builder, x: str, shape: Shape, out: str) -> None:
    raised = build.at_least(x, LEAST)
    cube = build.op("Mul", build.op("Mul", raised, raised), raised)
    mean = build.reduce("ReduceMean", cube, spatial(shape))
    build.op("Pow", mean, build.number(1 / POWER), out=out)


GEM = of_maps("gem", _apply, _nodes)
