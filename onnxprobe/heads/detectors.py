"""Each of K by itself: domains found at different depths overlap."""

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array, Kind


def _apply(logits: Array) -> Array:
    # exp of a negative number only: no overflow, whatever the logit
    small = np.exp(-np.abs(logits))
    scores: Array = np.where(logits >= 0, 1 / (1 + small), small / (1 + small))
    return scores.astype(logits.dtype)


def _nodes(build: Builder, logits: str, scores: str) -> None:
    build.op("Sigmoid", logits, out=scores)


DETECTORS = Kind("detectors", _apply, _nodes)
