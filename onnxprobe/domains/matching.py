"""Which groups of one list are those of another: by the pictures that they share."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.domains.grouping import Mask

SAME: Final = 0.5
"""Jaccard overlap above which two groups are one: each has more of the other than all else together."""

_LEAST: Final = 1e-9
"""An overlap that decides only between equal ones."""


def overlap(one: Mask, other: Mask) -> NDArray[np.float64]:
    """Return ``(K, L)``, the Jaccard overlap of the groups ``one`` ``(n, K)`` and ``other`` ``(n, L)``.

    Two groups without pictures do not overlap.
    """
    both = one.astype(np.float32).T @ other.astype(np.float32)
    either = one.sum(axis=0)[:, None] + other.sum(axis=0) - both
    overlaps: NDArray[np.float64] = np.divide(
        both, either, out=np.zeros(both.shape), where=either > 0
    )
    return overlaps


def matched(overlaps: NDArray[np.float64], *, above: float = SAME) -> list[tuple[int, int]]:
    """Return pairs of row and column, each in one pair at most, whose overlaps add up to the most.

    Kuhn (1955), the Hungarian method; only pairs that overlap by more than ``above`` count. Of several
    ways that add up to the same, earlier groups go with earlier ones, whichever list is asked first.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  recipes are listed without it

    counts = np.where(overlaps > above, overlaps, 0.0)
    order = np.multiply.outer(*(np.arange(length) / length for length in counts.shape))
    rows, columns = linear_sum_assignment(counts + _LEAST * order, maximize=True)
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if counts[i, j] > 0]
