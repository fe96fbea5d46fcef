"""Who is near whom: exact or approximate neighbours, and the graph they make."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recipes.whitening import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = NDArray[np.int64]

EXACT_UP_TO: Final = 100_000
"""Rows; above, lists of codes are searched, which finds about 9 of 10 of the same neighbours."""
_CANDIDATES: Final = 400
"""Rows whose codes are nearest, of which the nearest are chosen by their true distance."""
_SEARCHED: Final = 0.25
"""Part of the lists that is searched."""


def unit(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with rows of length 1, so that near means near by cosine; 0 stays 0."""
    length = np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x / length, np.float32)


def nearest(x: Vectors, count: int) -> tuple[Rows, Vectors]:
    """Return ``(n, count)`` rows nearest to each row of ``x``, best first, without itself, and how far.

    Euclidean distance. Up to ``EXACT_UP_TO`` rows the search is exact; above, rows are compared by
    product codes (Jégou et al. 2011; four bits, André et al. 2015), the best of them again as they
    are. Where that finds fewer than ``count``, the nearest is repeated.
    """
    points = np.ascontiguousarray(np.pad(x, ((0, 0), (0, x.shape[1] % 2))), np.float32)
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
    lists = int(3 * np.sqrt(n))
    codes = faiss.IndexIVFPQFastScan(flat, d, lists, d // 2, 4)
    codes.by_residual = False  # one table of distances a row, not one for each list
    codes.cp.min_points_per_centroid, codes.cp.max_points_per_centroid = 1, 64
    codes.nprobe = max(round(_SEARCHED * lists), 2 * count * lists // n)
    codes.train(points)
    index = faiss.IndexRefineFlat(codes)
    index.k_factor = max(_CANDIDATES / (count + 1), 4.0)
    return index


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
