"""Which communities come back when the pictures are drawn again."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.machine import cores
from onnxprobe.progress import Progress, silent
from recipes.vectors.neighbours import Rows, restricted

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Labels = NDArray[np.int64]
Real = NDArray[np.float64]
SHARE: Final = 0.7
"""Of the rows, that is drawn in a round."""
MOST: Final = 40_000
"""Rows that are drawn in a round, at most."""


@dataclass(slots=True)
class Told:
    """Reports work that is done in pieces, of which the last may be left out.

    Attributes:
        stage: of the progress.
        total: pieces in all.
        progress: is told.
        done: pieces so far.
    """

    stage: str = ""
    total: int = 0
    progress: Progress = field(default=silent)
    done: int = 0

    def __call__(self, pieces: int) -> None:
        """Say that so many more are done."""
        self.done += pieces
        self.progress(self.stage, self.done, self.total)


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn:
    """Rows that were drawn again, round by round, and the graphs among them.

    Attributes:
        rows: of each round.
        graphs: of each round.
        seed: of the draws.
    """

    rows: Sequence[Rows]
    graphs: Sequence["csr_matrix"]
    seed: int

    @classmethod
    def of(cls, near: NDArray[np.integer], neighbours: int, rounds: int, *, seed: int) -> "Redrawn":
        """Draw 70 % of the rows in each round, but at most 40,000.

        Args:
            near: ``(n, k)`` the rows nearest to each, best first; ``enough`` of them are looked at.
            neighbours: that each row is joined with.
            rounds: how many there are.
            seed: of the draws.
        """
        random = np.random.default_rng(seed)
        most = min(int(SHARE * len(near)), MOST)
        rows = [np.sort(random.choice(len(near), most, replace=False)) for _ in range(rounds)]
        wide = near[:, : enough(neighbours, len(near))]
        return cls(rows, [restricted(wide, own, count=neighbours) for own in rows], seed)

    def stability(
        self,
        labels: Labels,
        resolution: float,
        *,
        fits: NDArray[np.bool_] | None = None,
        least: float = 0.0,
        told: Told | None = None,
    ) -> Real:
        """Return for each community in ``labels`` how surely it is found again, 0 to 1 (Hennig 2007).

        In each round communities of the drawn rows are found, at resolutions from .7 to 1.4 times
        the given: a piece of a continuum changes its ends with either, a group does not. The
        stability is the median over rounds of the best Jaccard overlap. Once no community that
        ``fits`` can reach ``least`` any more, the rounds that are left are not made: what is
        returned then is how high each could have come, below ``least``.
        """
        from recipes.groups.leiden import leiden

        count, rounds = int(labels.max()) + 1, len(self.rows)
        wanted = np.ones(count, bool) if fits is None else fits
        around = resolution * 2.0 ** np.linspace(-0.5, 0.5, rounds)
        told = told or Told()

        def overlap(number: int) -> Real:
            seed = self.seed + number + 1
            again = leiden(self.graphs[number], float(around[number]), seed=seed)
            return best_overlap(labels[self.rows[number]], again, communities=count)

        scores = np.ones((rounds, count))
        side_by_side = cores()
        # Leiden releases the interpreter; the order of the results does not depend on the threads
        with ThreadPoolExecutor(side_by_side) as pool:
            for start in range(0, rounds, side_by_side):
                own = range(start, min(start + side_by_side, rounds))
                scores[own.start : own.stop] = list(pool.map(overlap, own))
                told(len(own))
                reached = np.median(scores, axis=0)  # rounds to come count as 1
                if not (reached[wanted] >= least).any():
                    told(rounds - own.stop)
                    break
        return np.asarray(reached, np.float64)


def enough(neighbours: int, rows: int) -> int:
    """Return how many neighbours each of ``rows`` must know for ``neighbours`` to be among those drawn.

    >>> enough(15, 1000), enough(15, 100_000)
    (30, 53)
    """
    return math.ceil(2 * neighbours * max(1.0, SHARE * rows / MOST))


def best_overlap(labels: Labels, again: Labels, *, communities: int) -> NDArray[np.float64]:
    """Return ``(communities,)``: each one's largest Jaccard overlap with a community of ``again``."""
    from scipy.sparse import csr_matrix

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
