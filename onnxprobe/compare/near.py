"""Whether pictures have the same neighbours in two views."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.directions import Vectors, directions, spread_of

NEIGHBOURS: Final = 10
_BLOCK: Final = 1_000

Rows = NDArray[np.int64]


def neighbours(x: Vectors, count: int = NEIGHBOURS) -> Rows:
    """Return ``(n, count)``, the rows nearest to each row of ``x`` ``(n, d)`` by cosine, without itself.

    Channels are standardised first. The order among the nearest is not said.
    """
    z = directions(x, *spread_of(x))
    found = []
    for start in range(0, len(z), _BLOCK):
        near = z[start : start + _BLOCK] @ z.T
        near[np.arange(len(near)), np.arange(start, start + len(near))] = -np.inf
        found.append(np.argpartition(-near, count - 1, axis=1)[:, :count])
    return np.concatenate(found)


def shared(one: Rows, other: Rows) -> float:
    """Return the part of the neighbours, each ``(n, k)``, that are the same in both, 0 to 1."""
    n, k = one.shape
    rows = np.arange(n)[:, None] * np.int64(n)
    same = np.isin((one + rows).ravel(), (other + rows).ravel())
    return float(same.sum() / (n * k))
