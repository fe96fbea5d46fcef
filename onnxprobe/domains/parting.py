"""Part the pictures of one domain into a few, by their vectors."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import DomainError

_COMPONENTS: Final = 16
"""Directions in which the parts may lie apart, at most."""
_STARTS: Final = 10
_ROUNDS: Final = 100
_ROUNDING: Final = 1e-5
"""Spread, as part of the largest value, that the rounding of float32 may be."""

Real = NDArray[np.float64]
Labels = NDArray[np.int64]


def parts(x: NDArray[np.float32], count: int, *, seed: int = 0) -> Labels:
    """Return ``(m,)``, the part of each row of ``x`` ``(m, d)``, 0 for the largest part.

    K-means (Lloyd 1982; seeds after Arthur & Vassilvitskii 2007) in the half-whitened principal
    components of these rows alone, so that what the whole domain has in common does not count.

    Raises:
        DomainError: the rows are fewer than the parts, or all the same.
    """
    if len(x) < 2 * count:
        raise DomainError(f"{len(x)} pictures are too few for {count} parts")
    z = _spread(x)
    if z.shape[1] == 0 or len(np.unique(z, axis=0)) < count:
        raise DomainError(f"the pictures differ too little in this view to be {count} parts")
    random = np.random.default_rng(seed)
    runs = [_lloyd(z, _seeds(z, count, random)) for _ in range(_STARTS)]
    _, labels = min(runs, key=lambda run: run[0])
    order = np.argsort(-np.bincount(labels, minlength=count), kind="stable")
    return np.argsort(order)[labels]


def _spread(x: NDArray[np.float32]) -> Real:
    """Return the main components, variance to its square root: rare differences count as well."""
    centered = x - x.mean(axis=0, dtype=np.float64)
    left, size, _ = np.linalg.svd(centered, full_matrices=False)
    real = size[:_COMPONENTS] > _ROUNDING * np.abs(x).max(initial=0)
    kept = int(real.sum())
    return np.asarray(left[:, :kept] * np.sqrt(size[:kept]))


def _seeds(z: Real, count: int, random: np.random.Generator) -> Real:
    """Draw rows, each with a chance that grows with the square of its distance to those drawn."""
    drawn = [z[random.integers(len(z))]]
    for _ in range(count - 1):
        far = _squared(z, np.array(drawn)).min(axis=1)
        drawn.append(z[random.choice(len(z), p=far / far.sum())])
    return np.array(drawn)


def _lloyd(z: Real, centers: Real) -> tuple[float, Labels]:
    """Return the sum of squared distances to the centres, and whose each row is; none is empty."""
    labels = np.full(len(z), -1)
    for _ in range(_ROUNDS):
        squared = _squared(z, centers)
        before, labels = labels, squared.argmin(axis=1)
        for empty in set(range(len(centers))) - set(labels.tolist()):
            labels[squared[np.arange(len(z)), labels].argmax()] = empty
        if np.array_equal(before, labels):
            break
        centers = np.array([z[labels == k].mean(axis=0) for k in range(len(centers))])
    return float(_squared(z, centers)[np.arange(len(z)), labels].sum()), labels


def _squared(z: Real, centers: Real) -> Real:
    return np.asarray(((z[:, None] - centers) ** 2).sum(axis=2))
