"""Communities of a graph: Leiden, seeded (Traag et al. 2019, arXiv:1810.08473)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix


def leiden(graph: csr_matrix, resolution: float, *, seed: int) -> NDArray[np.int64]:
    """Return ``(n,)``, the community of each node, 0 up; a higher ``resolution`` gives more of them."""
    import graspologic_native

    n = graph.shape[0]
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data.astype(np.float64),
        n,
        resolution=resolution,
        seed=seed,
    )
    named = np.fromiter((found.get(node, -1) for node in range(n)), np.int64, n)
    lonely = np.flatnonzero(named < 0)  # nodes without edges come back without a community
    named[lonely] = named.max(initial=-1) + 1 + np.arange(len(lonely))
    return named
