"""Fitting the measures of novelty: what a picture must be like to be like the known ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import NOVELTY, Novelty
from onnxprobe.registry import Registry
from recipes.vectors.neighbours import unit
from recipes.vectors.whitening import Vectors

Labels = NDArray[np.int64]
_ANCHORS: Final = 2_000
_FEWEST: Final = 8
"""Anchors of a class that has as many rows."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a measure of novelty is fitted.

    Attributes:
        name: of the measure (see ``NOVELTY``).
        fit: from rows ``(n, m)`` with labels ``(n,)`` from 0 up, and a seed, to a measure without limit.
    """

    name: str
    fit: Callable[[Vectors, Labels, int], Novelty]


def _nearest(z: Vectors, labels: Labels, seed: int) -> Novelty:
    """Take the centres of small clusters of every class: a tenth of its rows, 2,000 in all."""
    import faiss

    directions = unit(z)
    share = min(0.1, _ANCHORS / max(len(z), 1))
    anchors = []
    for label in np.unique(labels):
        rows = np.ascontiguousarray(directions[labels == label])
        count = min(len(rows), max(_FEWEST, round(share * len(rows))))
        centres = faiss.Kmeans(
            rows.shape[1], count, niter=15, seed=seed, spherical=True, min_points_per_centroid=1
        )
        centres.train(rows)
        anchors.append(np.asarray(centres.centroids, np.float32))
    identity, zero = np.eye(z.shape[1], dtype=np.float32), np.zeros(z.shape[1], np.float32)
    stacked = np.concatenate(anchors)
    return Novelty(NOVELTY["nearest"], np.inf, stacked, identity, zero)


def _mahalanobis(z: Vectors, labels: Labels, _seed: int) -> Novelty:
    """Take the means of the classes, where the spread within a class is 1 (Ledoit & Wolf 2004 shrunk)."""
    from sklearn.covariance import ledoit_wolf

    names, place = np.unique(labels, return_inverse=True)
    means = np.stack([z[labels == name].mean(axis=0, dtype=np.float64) for name in names])
    spread, _ = ledoit_wolf(z - means[place], assume_centered=True)
    variance, directions = np.linalg.eigh(spread)
    whiten = directions * np.maximum(variance, 1e-9) ** -0.5 @ directions.T
    zero = np.zeros(z.shape[1], np.float32)
    anchors = (means @ whiten).astype(np.float32)
    return Novelty(NOVELTY["mahalanobis"], np.inf, anchors, whiten.T.astype(np.float32), zero)


def _energy(_z: Vectors, labels: Labels, _seed: int) -> Novelty:
    return Novelty(NOVELTY["energy"], np.inf, np.zeros((0, int(labels.max()) + 1), np.float32))


STRANGE: Final = Registry(
    "measure of novelty",
    [Fit("nearest", _nearest), Fit("mahalanobis", _mahalanobis), Fit("energy", _energy)],
)
