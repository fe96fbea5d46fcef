"""Who is near whom: exact or approximate neighbours, and the graph they make."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recipes.whitening import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = NDArray[np.int64]

EXACT_UP_TO: Final = 100_000
"""Rows; above, an inverted file is searched, which finds about 4 of 5 of the same neighbours."""


def unit(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with rows of length 1, so that near means near by cosine; 0 stays 0."""
    length = np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x / length, np.float32)


def nearest(x: Vectors, count: int) -> tuple[Rows, Vectors]:
    """Return ``(n, count)`` rows nearest to each row of ``x``, best first, without itself, and how far.

    Euclidean distance. Where the approximate search finds fewer than ``count``, the nearest is
    repeated.
    """
    points = np.ascontiguousarray(x, np.float32)
    index = _index(points, count)
    index.add(points)
    squared, found = index.search(points, count + 1)
    others = _others(found)
    rows = found[others].reshape(len(x), count).astype(np.int64)
    far = np.sqrt(np.maximum(squared[others].reshape(len(x), count), 0))
    missing = rows < 0
    return np.where(missing, rows[:, :1], rows), np.where(missing, far[:, :1], far)


def _index(points: Vectors, count: int) -> Any:
    import faiss

    n, d = points.shape
    flat = faiss.IndexFlatL2(d)
    if n <= EXACT_UP_TO:
        return flat
    lists = int(4 * np.sqrt(n))
    inverted = faiss.IndexIVFFlat(flat, d, lists)
    inverted.cp.min_points_per_centroid, inverted.cp.max_points_per_centroid = 1, 64
    inverted.train(points)
    inverted.nprobe = max(lists // 8, 4 * count * lists // n)
    return inverted


def graph(near: Rows, *, count: int) -> "csr_matrix":
    """Return the symmetric ``(n, n)`` graph in which each row is joined with its first ``count`` of ``near``."""
    rows = np.arange(len(near))
    return restricted(near, rows, count=count)


def restricted(near: Rows, rows: Rows, *, count: int) -> "csr_matrix":
    """Return the graph among ``rows`` alone, each joined with the nearest ``count`` that remain.

    With ``near`` some 2 × ``count`` wide and most rows kept, these are the neighbours that a new
    search among ``rows`` would give, at none of its cost.
    """
    place = np.full(len(near), -1)
    place[rows] = np.arange(len(rows))
    to = place[near[rows]]
    there = to >= 0
    there &= np.cumsum(there, axis=1) <= count
    start = np.repeat(np.arange(len(rows)), there.sum(axis=1))
    ones = np.ones(len(start))
    from scipy.sparse import csr_matrix

    directed = csr_matrix((ones, (start, to[there])), shape=(len(rows), len(rows)))
    directed.data[:] = 1.0  # a neighbour that is repeated counts once
    return directed.maximum(directed.T).tocsr()


def _others(found: Rows) -> NDArray[np.bool_]:
    """Mark all but each row itself in its own list, or all but the last if copies have crowded it out."""
    own: NDArray[np.bool_] = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return ~own
