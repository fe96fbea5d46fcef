"""The distance to the nearest class, in units of how far a class spreads (Lee et al. 2018, arXiv:1807.03888).

Samples come through a map that makes every class spread by 1 in all directions; the anchors are
the means of the classes there.
"""

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array
from onnxprobe.heads.novelty._base import Measure


def _apply(samples: Array, anchors: Array) -> Array:
    own = (samples * samples).sum(axis=1, keepdims=True)
    rest = samples @ (-2 * anchors).T + (anchors * anchors).sum(axis=1)
    squared = own + rest.min(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.maximum(squared, 0)), samples.dtype)


def _nodes(build: Builder, samples: str, anchors: Array, out: str) -> None:
    own = build.reduce("ReduceSum", build.op("Mul", samples, samples), [1], keepdims=1)
    turned = build.constant(-2 * anchors)
    length = build.constant((anchors * anchors).sum(axis=1))
    rest = build.op("Gemm", samples, turned, length, transB=1)
    squared = build.op("Add", own, build.reduce("ReduceMin", rest, [1], keepdims=1))
    build.op("Sqrt", build.at_least(squared, 0.0), out=out)


MAHALANOBIS = Measure("mahalanobis", _apply, _nodes)
