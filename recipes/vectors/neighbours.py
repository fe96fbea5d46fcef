"""Who is near whom: exact or approximate neighbours, and the graph they make."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recipes.vectors.searches import FAISS, FULL, LIGHT, SearchEngine
from recipes.vectors.whitening import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Rows = NDArray[np.int64]


def unit(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with rows of length 1, so that near means near by cosine; 0 stays 0."""
    length = np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    return np.asarray(x / length, np.float32)


class Index:
    """Rows that can be asked which of them are near."""

    def __init__(self, x: Vectors, engine: SearchEngine = FAISS) -> None:
        """Take the rows ``x`` ``(n, m)``; distances are Euclidean."""
        self._points = x
        self._ask = engine.over(x)

    def themselves(self, count: int) -> tuple[Rows, Vectors]:
        """Return ``(n, count)`` rows nearest to each row, best first, without itself, and how far.

        Where the search finds fewer than ``count``, the nearest is repeated.
        """
        far, found = self._ask(self._points, count + 1, FULL)
        others = _others(found)
        rows = found[others].reshape(len(far), count).astype(np.int64)
        return _filled(rows, far[others].reshape(len(far), count))

    def of(self, queries: Vectors, count: int) -> Rows:
        """Return ``(q, count)`` rows nearest to each of ``queries`` ``(q, m)``, best first."""
        far, found = self._ask(queries, count, LIGHT)
        return _filled(found.astype(np.int64), far)[0]


def _filled(rows: Rows, far: Vectors) -> tuple[Rows, Vectors]:
    missing = rows < 0
    return np.where(missing, rows[:, :1], rows), np.where(missing, far[:, :1], far)


def graph(near: NDArray[np.integer], *, count: int) -> "csr_matrix":
    """Return the symmetric ``(n, n)`` graph in which each row is joined with its first ``count`` of ``near``."""
    rows = np.arange(len(near))
    return restricted(near, rows, count=count)


def restricted(near: NDArray[np.integer], rows: Rows, *, count: int) -> "csr_matrix":
    """Return the graph among ``rows`` alone, each joined with the nearest ``count`` that remain.

    With ``near`` some 2 × ``count`` wide and most rows kept, these are the neighbours that a new
    search among ``rows`` would give, at none of its cost.
    """
    from scipy.sparse import csr_matrix

    to = _places(near, rows)
    there = to >= 0
    there &= np.cumsum(there, axis=1) <= count
    start = np.repeat(np.arange(len(rows)), there.sum(axis=1))
    ones = np.ones(len(start))
    directed = csr_matrix((ones, (start, to[there])), shape=(len(rows), len(rows)))
    directed.data[:] = 1.0  # a neighbour that is repeated counts once
    return directed.maximum(directed.T).tocsr()


def among(near: NDArray[np.integer], rows: Rows) -> Rows:
    """Return ``(m, k)``: for each of ``rows``, as places among them, those of its ``near`` that are.

    The best come first, as before. Where fewer are left the best is repeated; a row with none left
    has itself.
    """
    to = _places(near, rows)
    first = np.argsort(to < 0, axis=1, kind="stable")
    to = np.take_along_axis(to, first, axis=1)
    best = np.where(to[:, :1] < 0, np.arange(len(rows))[:, None], to[:, :1])
    return np.where(to < 0, best, to)


def _places(near: NDArray[np.integer], rows: Rows) -> Rows:
    """Return ``(m, k)``: where in ``rows`` the ``near`` of each of them are; −1 of those that are not."""
    place = np.full(len(near), -1)
    place[rows] = np.arange(len(rows))
    return np.asarray(place[near[rows]], np.int64)


def _others(found: Rows) -> NDArray[np.bool_]:
    """Mark all but each row itself in its own list, or all but the last if copies have crowded it out."""
    own: NDArray[np.bool_] = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return ~own
