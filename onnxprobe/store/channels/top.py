"""The pictures that excite each channel most."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_GROUPS: Final = 4
"""Groups of rows for each value wanted, whose largest are compared before any is sorted."""


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
        width = vectors.shape[1]
        place, channel = np.nonzero(vectors >= _floor(vectors, k))
        values = vectors[place, channel]
        order = np.lexsort((place, -values, channel))
        place, channel, values = place[order], channel[order], values[order]
        within = np.arange(len(channel)) - np.searchsorted(channel, np.arange(width))[channel]
        best = within < k
        found = cls._empty(width, k)
        slots = channel[best], within[best]
        found.rows[slots], found.values[slots] = rows[place[best]], values[best]
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


def _floor(vectors: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """Return ``(d,)`` what the k largest of each channel are not below, found without sorting them.

    Of the largest of each of several groups, k are at least the k-th largest of these.
    """
    each = len(vectors) // (_GROUPS * k)
    if not each:
        return np.full(vectors.shape[1], -np.inf, np.float32)
    whole = vectors[: _GROUPS * k * each].reshape(_GROUPS * k, each, -1)
    floor: NDArray[np.float32] = np.partition(whole.max(axis=1), -k, axis=0)[-k]
    return floor
