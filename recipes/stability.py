"""Which communities come back when the pictures are drawn again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recipes.leiden import leiden
from recipes.neighbours import Rows, restricted

Labels = NDArray[np.int64]


def stability(  # noqa: PLR0913
    near: Rows, labels: Labels, resolution: float, *, neighbours: int, rounds: int, seed: int
) -> NDArray[np.float64]:
    """Return for each community in ``labels`` how surely it is found again, 0 to 1 (Hennig 2007).

    In each round 70 % of the rows are drawn and their own communities found, at resolutions from
    .7 to 1.4 times the given: a piece of a continuum changes its ends with either, a group does
    not. The stability is the median over rounds of the best Jaccard overlap.
    """
    scores = [
        best_overlap(labels[rows], again, communities=int(labels.max()) + 1)
        for rows, again in _redrawn(near, resolution, neighbours, rounds, seed)
    ]
    return np.asarray(np.median(scores, axis=0), np.float64)


def best_overlap(labels: Labels, again: Labels, *, communities: int) -> NDArray[np.float64]:
    """Return ``(communities,)``: each one's largest Jaccard overlap with a community of ``again``."""
    both = csr_matrix(
        (np.ones(len(labels)), (labels, again)), shape=(communities, int(again.max()) + 1)
    )
    size = np.asarray(both.sum(axis=1)).ravel()
    size_again = np.asarray(both.sum(axis=0)).ravel()
    pairs = both.tocoo()
    overlap = pairs.data / (size[pairs.row] + size_again[pairs.col] - pairs.data)
    best = np.zeros(communities)
    np.maximum.at(best, pairs.row, overlap)
    return best


def _redrawn(
    near: Rows, resolution: float, neighbours: int, rounds: int, seed: int
) -> Iterator[tuple[Rows, Labels]]:
    n = len(near)
    random = np.random.default_rng(seed)
    draws = [np.sort(random.choice(n, int(0.7 * n), replace=False)) for _ in range(rounds)]
    around = resolution * 2.0 ** np.linspace(-0.5, 0.5, rounds)

    def one(number: int) -> tuple[Rows, Labels]:
        again = restricted(near, draws[number], count=neighbours)
        return draws[number], leiden(again, float(around[number]), seed=seed + number + 1)

    # Leiden releases the interpreter; the order of the results does not depend on the threads
    with ThreadPoolExecutor(cpu_count()) as pool:
        yield from pool.map(one, range(rounds))
