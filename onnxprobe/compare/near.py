"""Whether pictures have the same neighbours in two views."""

from typing import Final

import numpy as np

from onnxprobe.directions import Rows

NEIGHBOURS: Final = 10


def shared(one: Rows, other: Rows) -> float:
    """Return the part of the neighbours, each ``(n, k)``, that are the same in both, 0 to 1."""
    n, k = one.shape
    rows = np.arange(n)[:, None] * np.int64(n)
    same = np.isin((one + rows).ravel(), (other + rows).ravel())
    return float(same.sum() / (n * k))
