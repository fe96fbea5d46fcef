"""The pictures that excite each channel most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Top:
    """The largest values of ``d`` channels, the largest first; of equal ones the first in order.

    Attributes:
        rows: where they were, int64 ``(d, k)``; −1 where there are fewer vectors than k.
        values: float32 ``(d, k)``; −∞ there.
    """

    rows: NDArray[np.int64]
    values: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.float32], rows: NDArray[np.int64], *, k: int) -> "Top":
        """Return the largest of ``vectors`` ``(n, d)``, which lie at ``rows`` ``(n,)``, ascending."""
        count, width = vectors.shape
        if count > k:  # all that may be among the k: those not below the k-th
            least = np.partition(vectors, count - k, axis=0)[count - k]
            channel, place = np.nonzero((vectors >= least).T)
        else:
            channel, place = np.nonzero(np.ones((width, count), bool))
        values = vectors[place, channel]
        order = np.lexsort((place, -values, channel))
        starts = np.searchsorted(channel, np.arange(width))
        within = np.arange(len(channel)) - starts[channel]
        kept = order[within < k]
        found = cls._empty(width, k)
        slots = channel[kept], within[within < k]
        found.rows[slots], found.values[slots] = rows[place[kept]], values[kept]
        return found

    @classmethod
    def _empty(cls, width: int, k: int) -> "Top":
        return cls(np.full((width, k), -1, np.int64), np.full((width, k), -np.inf, np.float32))

    def merged(self, later: "Top") -> "Top":
        """Return the largest of both; the rows of ``later`` come after all of these."""
        rows = np.hstack([self.rows, later.rows])
        values = np.hstack([self.values, later.values])
        order = np.argsort(-values, axis=1, kind="stable")[:, : self.rows.shape[1]]
        return Top(np.take_along_axis(rows, order, 1), np.take_along_axis(values, order, 1))
