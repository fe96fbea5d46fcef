"""Who is near whom: exact or approximate neighbours, and the graph they make."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recipes.whitening import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = NDArray[np.int64]

EXACT_UP_TO: Final = 50_000
"""Rows; above, lists of codes are searched, which finds about 9 of 10 of the same neighbours."""
_TAUGHT: Final = 30_000
"""Rows that the codes are made from, at most."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard an approximate search tries.

    Attributes:
        searched: part of the lists of codes that is looked at, 0 to 1.
        candidates: rows whose codes are nearest, of which the nearest are chosen by their true
            distance.
    """

    searched: float
    candidates: int


FULL: Final = Effort(0.2, 400)
"""For the neighbours that make a graph."""
LIGHT: Final = Effort(0.06, 100)
"""For rows that only ask what is around them."""


def unit(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with rows of length 1, so that near means near by cosine; 0 stays 0."""
    length = np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x / length, np.float32)


class Index:
    """Rows that can be asked which of them are near.

    Up to ``EXACT_UP_TO`` rows the search is exact; above, rows are compared by product codes
    (Jégou et al. 2011; four bits, André et al. 2015), the best of them again as they are.
    """

    def __init__(self, x: Vectors) -> None:
        """Take the rows ``x`` ``(n, m)``; distances are Euclidean."""
        self._points = _even(x)
        self._index, self._codes = _index(self._points)
        self._index.add(self._points)

    def themselves(self, count: int) -> tuple[Rows, Vectors]:
        """Return ``(n, count)`` rows nearest to each row, best first, without itself, and how far.

        Where the search finds fewer than ``count``, the nearest is repeated.
        """
        far, found = self._asked(self._points, count + 1, FULL)
        others = _others(found)
        rows = found[others].reshape(len(far), count).astype(np.int64)
        return _filled(rows, far[others].reshape(len(far), count))

    def of(self, queries: Vectors, count: int) -> Rows:
        """Return ``(q, count)`` rows nearest to each of ``queries`` ``(q, m)``, best first."""
        far, found = self._asked(_even(queries), count, LIGHT)
        return _filled(found.astype(np.int64), far)[0]

    def _asked(self, queries: Vectors, count: int, effort: Effort) -> tuple[Vectors, Rows]:
        if self._codes is not None:
            lists = self._codes.nlist
            least = 2 * count * lists // len(self._points)
            self._codes.nprobe = max(round(effort.searched * lists), least, 1)
            self._index.k_factor = max(effort.candidates / count, 4.0)
        squared, found = self._index.search(queries, count)
        return np.sqrt(np.maximum(squared, 0)), found


def nearest(x: Vectors, count: int) -> tuple[Rows, Vectors]:
    """Return ``(n, count)`` rows nearest to each row of ``x``, best first, without itself, and how far."""
    return Index(x).themselves(count)


def _even(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with an even number of columns, which pairs of four-bit codes want."""
    return np.ascontiguousarray(np.pad(x, ((0, 0), (0, x.shape[1] % 2))), np.float32)


def _filled(rows: Rows, far: Vectors) -> tuple[Rows, Vectors]:
    missing = rows < 0
    return np.where(missing, rows[:, :1], rows), np.where(missing, far[:, :1], far)


def _index(points: Vectors) -> tuple[Any, Any]:
    """Return an empty index, and the codes in it, of which it keeps no hold; null where it is exact."""
    import faiss

    n, d = points.shape
    flat = faiss.IndexFlatL2(d)
    if n <= EXACT_UP_TO:
        return flat, None
    lists = int(3 * np.sqrt(n))
    codes = faiss.IndexIVFPQFastScan(flat, d, lists, d // 2, 4)
    codes.by_residual = False  # one table of distances a row, not one for each list
    codes.cp.min_points_per_centroid = 1
    step = max(n // _TAUGHT, 1)
    codes.train(np.ascontiguousarray(points[::step]))
    return faiss.IndexRefineFlat(codes), codes


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
