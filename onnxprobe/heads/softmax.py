"""One of K: the scores of a sample sum to 1."""

import numpy as np

from onnxprobe.graph.build import Builder
from onnxprobe.heads._base import Array, Kind


def _apply(logits: Array) -> Array:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores: Array = raised / raised.sum(axis=1, keepdims=True)
    return scores


def _nodes(build: Builder, logits: str, scores: str) -> None:
    build.op("Softmax", logits, out=scores, axis=1)


SOFTMAX = Kind("softmax", _apply, _nodes)
