"""Vectors as directions: what is near is so by cosine, every channel counting the same."""

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def spread_of(x: Vectors) -> tuple[Vectors, Vectors]:
    """Return mean and standard deviation of every channel of ``x`` ``(n, d)``, each ``(d,)``."""
    return x.mean(axis=0, dtype=np.float32), x.std(axis=0, dtype=np.float32)


def directions(x: Vectors, mean: Vectors, spread: Vectors) -> Vectors:
    """Return ``x`` ``(m, d)`` with channels at ``mean`` 0 and ``spread`` 1, and rows of length 1.

    A channel without spread is 0, and so is a row without any.
    """
    z = (x - mean) / np.where(spread > 0, spread, np.inf)
    return np.asarray(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12), np.float32)
