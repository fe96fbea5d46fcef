"""Is a community a group, or a piece of a continuum that had to be cut somewhere?"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

BALANCE: Final = 0.2
"""The smaller side of an inner cut holds at least this part of the community."""
_DENSE_UP_TO: Final = 400


def isolation(graph: csr_matrix, member: NDArray[np.bool_]) -> float:
    """Return how much easier the community parts from the rest than into two halves.

    The conductance of its best balanced inner cut over the conductance of its border, in the spirit of
    Oveis Gharan & Trevisan 2014 (arXiv:1309.3223). A piece of an evenly filled ring has 1, the end of
    a line 2, a piece of a plane less than 1, whatever its size; a group of its own has many times
    that. What stays whole inside and what can be told from outside are measured by the same rule, so
    that neither the density nor the number of neighbours matters.
    """
    rows = np.flatnonzero(member)
    inside = graph[rows][:, rows].tocsr()
    volume = graph[rows].sum()
    border = (volume - inside.sum()) / max(min(volume, graph.sum() - volume), 1.0)
    return float(inner_conductance(inside) / max(border, 1e-3))


def widening(graph: csr_matrix, member: NDArray[np.bool_]) -> float:
    """Return how many rows lie two steps outside of a community, per row one step outside.

    Tells in how many directions there is something beside it. On a curve (a pose angle, frames of
    a film) the next step shows as many rows as the last, on a surface two or three times as many; where
    pictures differ in many ways, five to twenty times. On a curve or surface the gaps that chance
    leaves between samples look like borders, and no isolation below that of a group of its own means anything.
    Where the surroundings are most of everything, half of the rest is all that can be asked for.
    """
    seen = member.copy()
    steps = []
    for _ in range(2):
        around = (graph @ seen.astype(np.float32) > 0) & ~seen
        seen |= around
        steps.append(int(around.sum()))
    rest = np.count_nonzero(~seen) + steps[1]
    first = min(float(steps[0]), rest / 7)
    return steps[1] / first if first else float("inf")


def inner_conductance(graph: csr_matrix) -> float:
    """Return the least conductance of a cut with at least ``BALANCE`` of the volume on both sides.

    Cuts are tried along the three smoothest eigenvectors of the normalised graph (a sweep).
    """
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1e-9)
    edges = graph.tocoo()
    total = degree.sum()
    best = 1.0
    for vector in _smoothest(graph, degree):
        order = np.argsort(vector, kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        first = np.minimum(place[edges.row], place[edges.col])
        last = np.maximum(place[edges.row], place[edges.col])
        opened = np.bincount(first, edges.data, len(order)) - np.bincount(
            last, edges.data, len(order)
        )
        cut = np.cumsum(opened)[:-1] / 2  # every edge is stored from both ends
        volume = np.cumsum(degree[order])[:-1]
        smaller = np.minimum(volume, total - volume)
        balanced = smaller >= BALANCE * total
        if balanced.any():
            best = min(best, float((cut[balanced] / smaller[balanced]).min()))
    return best


def _smoothest(graph: csr_matrix, degree: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    scale = degree**-0.5
    normal = diags(scale) @ graph @ diags(scale)
    if len(degree) <= _DENSE_UP_TO:
        vectors = np.linalg.eigh(normal.toarray())[1][:, -4:-1]
    else:
        vectors = _largest(normal)
    return [vectors[:, i] * scale for i in range(vectors.shape[1])]


def _largest(normal: csr_matrix) -> NDArray[np.float64]:
    """Return the second to fourth eigenvectors from the top, as columns."""
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    start = np.random.default_rng(0).normal(size=normal.shape[0])
    try:
        values, vectors = eigsh(normal, k=4, ncv=32, which="LA", v0=start, tol=1e-6, maxiter=1000)
    except ArpackNoConvergence as slow:  # a long thin continuum: what has converged shows the cut
        values, vectors = slow.eigenvalues, slow.eigenvectors
    return np.asarray(vectors[:, np.argsort(values)[:-1]], np.float64)
