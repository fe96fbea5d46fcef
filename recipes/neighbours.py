"""Who is near whom: standardised, half-whitened vectors and their exact or approximate neighbours."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

EXACT_UP_TO: Final = 50_000
"""Rows; above, an inverted file is searched: about .98 of the same neighbours in a fraction of the time."""


def standardise(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, d)`` with mean 0 and variance 1 in every column that varies.

    A column whose spread is float32 rounding of its own size counts as constant; it is left out.
    """
    spread = x.std(axis=0, dtype=np.float64)
    varies = spread > 1e-6 * np.abs(x).max(axis=0, initial=0.0)
    kept = x[:, varies]
    return np.asarray((kept - kept.mean(axis=0, dtype=np.float64)) / spread[varies], np.float32)


def half_whiten(x: Vectors, components: int, *, seed: int) -> Vectors:
    """Project ``x`` ``(n, d)`` on its principal components, each divided by its variance ** 1/4.

    Between PCA, where the few directions that vary most decide who is near, and whitening, where
    noise counts as much as they do. Rare attributes live in between.
    """
    from sklearn.decomposition import PCA

    n, d = x.shape
    solver = "covariance_eigh" if d <= 4096 else "randomized"  # noqa: PLR2004
    pca = PCA(min(components, n - 1, d), svd_solver=solver, random_state=seed).fit(x)
    variance = pca.explained_variance_
    real = variance > 1e-6 * variance[0]  # what remains of a component others add up to
    return np.asarray(pca.transform(x)[:, real] * variance[real] ** -0.25, np.float32)


def nearest(x: Vectors, count: int) -> Rows:
    """Return ``(n, count)``: the rows nearest to each row of ``x`` by cosine, best first, without itself."""
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    unit = np.ascontiguousarray(unit, np.float32)
    index = _index(unit)
    index.add(unit)
    return _without_itself(index.search(unit, count + 1)[1].astype(np.int64))


def _index(unit: Vectors) -> Any:
    import faiss

    n, d = unit.shape
    flat = faiss.IndexFlatIP(d)
    if n <= EXACT_UP_TO:
        return flat
    lists = int(4 * np.sqrt(n))
    inverted = faiss.IndexIVFFlat(flat, d, lists, faiss.METRIC_INNER_PRODUCT)
    inverted.train(unit)
    inverted.nprobe = max(8, lists // 24)
    return inverted


def graph(near: Rows, *, count: int) -> csr_matrix:
    """Return the symmetric ``(n, n)`` graph in which each row is joined with its first ``count`` of ``near``."""
    rows = np.arange(len(near))
    return restricted(near, rows, count=count)


def restricted(near: Rows, rows: Rows, *, count: int) -> csr_matrix:
    """Return the graph among ``rows`` alone, each joined with the nearest ``count`` that remain.

    With ``near`` some 2 × ``count`` wide and most rows kept, these are the neighbours that a new
    search among ``rows`` would give, at none of its cost.
    """
    place = np.full(len(near), -1)
    place[rows] = np.arange(len(rows))
    to = place[near[rows]]
    there = (to >= 0) & (near[rows] >= 0)
    there &= np.cumsum(there, axis=1) <= count
    start = np.repeat(np.arange(len(rows)), there.sum(axis=1))
    ones = np.ones(len(start))
    directed = csr_matrix((ones, (start, to[there])), shape=(len(rows), len(rows)))
    return directed.maximum(directed.T).tocsr()


def _without_itself(found: Rows) -> Rows:
    """Drop each row from its own list, or the last if copies of it have crowded it out."""
    own = found == np.arange(len(found))[:, None]
    own[~own.any(axis=1), -1] = True
    return np.reshape(found[~own], (len(found), -1))
