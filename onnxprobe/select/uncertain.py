"""Those of which the head is least sure."""

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.directions import Vectors
from onnxprobe.errors import NoSuchNameError
from onnxprobe.fuse import HEADS
from onnxprobe.graph.load import load
from onnxprobe.select._base import Chosen, Pool, Wanted, Way

Real = NDArray[np.float64]


def to_threshold(scores: Vectors, threshold: Real) -> Real:
    """Return how far the nearest score of each row is from being judged the other way, 0 to 1.

    On the side above its threshold as part of what there is above, below it of what is below: so
    that a threshold of 0.1 and one of 0.5 are the same to all.
    """
    distance = scores.astype(np.float64) - threshold
    room = np.where(distance > 0, 1 - threshold, threshold)
    return np.asarray((np.abs(distance) / np.maximum(room, 1e-12)).min(axis=1))


def between_best(scores: Vectors, threshold: Real) -> Real:  # noqa: ARG001  as all margins
    """Return by how much the best score of each row is ahead of the second, 0 to 1."""
    if scores.shape[1] == 1:
        return np.ones(len(scores))
    best = np.sort(scores.astype(np.float64), axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0])


MARGINS: Final[dict[str, Callable[[Vectors, Real], Real]]] = {
    "detectors": to_threshold,
    "softmax": between_best,
}
"""How sure a head is, by its kind."""


def _choose(pool: Pool, wanted: Wanted) -> Chosen:
    scores, facts = pool.scores, _facts(pool)
    if facts["kind"] not in MARGINS:
        raise NoSuchNameError("kind of head that says how sure it is", facts["kind"], MARGINS)
    threshold = np.asarray(facts["threshold"], np.float64)
    margin = MARGINS[facts["kind"]](scores, threshold)
    order = np.argsort(margin, kind="stable")[: wanted.count]
    return Chosen(order, margin[order])


def _facts(pool: Pool) -> dict[str, Any]:
    """Return what the fused model says of the head of the run."""
    told: list[dict[str, Any]] = json.loads(load(pool.run / "fused.onnx").metadata[HEADS])
    return told[-1]


UNCERTAIN = Way(
    "uncertain",
    "those of which the head is least sure; the score is how far it is from another answer, 0 to 1",
    _choose,
)
