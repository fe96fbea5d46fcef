"""How much one grouping tells of another, beyond what chance would."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Real = NDArray[np.float64]
Counts = NDArray[np.int64]


def ami(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Return the adjusted mutual information of two labellings ``(n,)``: 1 for the same, 0 for chance.

    Vinh, Epps & Bailey (2010), over the mean of the two entropies.
    """
    table = _table(one, other)
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), int(table.sum())
    if len(rows) == len(columns) == 1 or len(rows) == len(columns) == n:
        return 1.0  # neither says anything, or both say everything
    mean = (_entropy(rows) + _entropy(columns)) / 2
    chance = _expected(rows, columns)
    room = mean - chance
    return float((_mutual(table) - chance) / (room if abs(room) > 1e-15 else 1e-15))  # noqa: PLR2004


def _table(one: NDArray[np.int64], other: NDArray[np.int64]) -> Counts:
    _, row = np.unique(one, return_inverse=True)
    _, column = np.unique(other, return_inverse=True)
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    flat = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.int64)


def _entropy(sizes: Counts) -> float:
    share = sizes / sizes.sum()
    return float(-(share * np.log(share)).sum())


def _mutual(table: Counts) -> float:
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    there = table > 0
    share = table[there] / n
    return float((share * np.log(table[there] / expected[there])).sum())


def _expected(rows: Counts, columns: Counts) -> float:
    """Return the mutual information that groups of these sizes have on average, drawn at random."""
    n = int(rows.sum())
    logs = gammaln(np.arange(n + 2, dtype=np.float64) + 1)  # log k! by k
    total = 0.0
    for a in map(int, rows):
        for b in map(int, columns):
            both = np.arange(max(1, a + b - n), min(a, b) + 1)
            value = both / n * (np.log(n * both) - np.log(a * b))
            chance = (
                logs[a]
                + logs[b]
                + logs[n - a]
                + logs[n - b]
                - logs[n]
                - logs[both]
                - logs[a - both]
                - logs[b - both]
                - logs[n - a - b + both]
            )
            total += float((value * np.exp(chance)).sum())
    return total
