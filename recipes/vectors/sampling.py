"""Which rows stand for all, where there are too many to look at each of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from recipes.grouped import Mask

Rows = NDArray[np.int64]
CHUNK: Final = 65_536
"""Rows that are worked on at a time, where a step makes large copies of them."""


def drawn(rows: int, most: int, *, seed: int) -> Rows:
    """Return the numbers of all ``rows``, or of ``most`` of them, ascending."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def chunks(rows: int) -> list[slice]:
    """Return consecutive slices of at most ``CHUNK`` rows.

    >>> chunks(100_000)
    [slice(0, 65536, None), slice(65536, 100000, None)]
    """
    return [slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK)]


def fairly(
    stratum: NDArray[np.integer], most: int, *, seed: int
) -> tuple[Rows, NDArray[np.float32]]:
    """Draw ``most`` rows, the same number of each stratum or all that it has; all where they suffice.

    Args:
        stratum: ``(n,)`` number of each row's, 0 up.
        most: rows in all.
        seed: of the draw.

    Returns:
        The rows, ascending, and how many rows each of them stands for.
    """
    if len(stratum) <= most:
        return np.arange(len(stratum)), np.ones(len(stratum), np.float32)
    size = np.bincount(stratum)
    quota = _quota(size, most)
    order = np.random.default_rng(seed).permutation(len(stratum))
    order = order[np.argsort(stratum[order], kind="stable")]
    place = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    rows = np.sort(order[place < np.repeat(quota, size)])
    return rows, (size / np.maximum(quota, 1))[stratum[rows]].astype(np.float32)


def smallest(member: Mask) -> NDArray[np.int64]:
    """Return ``(n,)``: of each row the smallest domain of ``member`` ``(n, K)``; K for none."""
    size = member.sum(axis=0)
    order = np.argsort(size, kind="stable")
    found = np.full(len(member), member.shape[1], np.int64)
    for domain in order[::-1]:  # the smallest has the last word
        found[member[:, domain]] = domain
    return found


def _quota(size: Rows, most: int) -> Rows:
    """Return how many to take of each stratum: its size, up to a level at which it is ``most``."""
    quota = np.zeros_like(size)
    left = most
    order = np.argsort(size, kind="stable")
    for done, one in enumerate(order):
        quota[one] = min(int(size[one]), left // (len(size) - done))
        left -= int(quota[one])
    return quota
