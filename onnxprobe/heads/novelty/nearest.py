"""The cosine distance to the nearest of many examples (after Sun et al. 2022, arXiv:2204.06507).

The anchors, vectors of length 1, stand for the training pictures; they are centres of small clusters of
them, so that the file stays small and one odd picture does not make its like familiar.
"""

from typing import Final

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array
from onnxprobe.heads.novelty._base import Measure

_SHORTEST: Final = 1e-6
"""Length from which a sample has a direction."""


def _apply(samples: Array, anchors: Array) -> Array:
    length = np.sqrt((samples * samples).sum(axis=1, keepdims=True))
    unit = samples / np.maximum(length, samples.dtype.type(_SHORTEST))
    nearest: Array = 1 - (unit @ anchors.T).max(axis=1, keepdims=True)
    return nearest


def _nodes(build: Builder, samples: str, anchors: Array, out: str) -> None:
    squared = build.reduce("ReduceSum", build.op("Mul", samples, samples), [1], keepdims=1)
    unit = build.op("Div", samples, build.at_least(build.op("Sqrt", squared), _SHORTEST))
    zero = build.constant(np.zeros(len(anchors), np.float32))
    likeness = build.op("Gemm", unit, build.constant(anchors), zero, transB=1)
    highest = build.reduce("ReduceMax", likeness, [1], keepdims=1)
    build.op("Sub", build.number(1), highest, out=out)


NEAREST = Measure("nearest", _apply, _nodes)
