"""Vectors as directions: what is near is so by cosine, every channel counting the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
_BLOCK: Final = 1_000
"""Rows that are compared with all at once."""


def spread_of(x: Vectors) -> tuple[Vectors, Vectors]:
    """Return mean and standard deviation of every channel of ``x`` ``(n, d)``, each ``(d,)``."""
    return x.mean(axis=0, dtype=np.float32), x.std(axis=0, dtype=np.float32)


def directions(x: Vectors, mean: Vectors, spread: Vectors) -> Vectors:
    """Return ``x`` ``(m, d)`` with channels at ``mean`` 0 and ``spread`` 1, and rows of length 1.

    A channel without spread is 0, and so is a row without any.
    """
    z = (x - mean) / np.where(spread > 0, spread, np.inf)
    return np.asarray(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12), np.float32)


def nearest(x: Vectors, rows: Rows, count: int) -> Rows:
    """Return ``(m, count)``, the rows of ``x`` ``(n, d)`` nearest to each of ``rows`` ``(m,)``.

    By cosine, channels standardised; without the row itself, the nearest first.
    """
    z = directions(x, *spread_of(x))
    found = np.empty((len(rows), count), np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        near = z[block] @ z.T
        near[np.arange(len(block)), block] = -np.inf
        some = np.argpartition(-near, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(near, some, axis=1), axis=1, kind="stable")
        found[start : start + _BLOCK] = np.take_along_axis(some, order, axis=1)
    return found
