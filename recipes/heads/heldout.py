"""Rows that are kept aside, and how detectors do on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


def kept_aside(member: Mask, share: float, *, seed: int, together: Rows | None = None) -> Mask:
    """Return ``(n,)``: which rows are kept aside, ``share`` of every domain and of the rest.

    Rows are dealt out within the smallest domain that they belong to, so that small ones are split
    as evenly as large ones.

    Args:
        member: ``(n, K)``.
        share: 0 to 1.
        seed: of the order.
        together: ``(n,)``; rows with the same number stay on the same side. By default each is
            alone.
    """
    n, count = member.shape
    size = np.append(member.sum(axis=0), n)
    either = np.hstack([member, np.ones((n, 1), bool)])  # the last column: in no domain
    smallest = np.where(either, size, n + 1).argmin(axis=1)
    random = np.random.default_rng(seed)
    if together is not None:
        return _whole(smallest, together, share, random)
    aside = np.zeros(n, bool)
    for domain in range(count + 1):
        rows = random.permutation(np.flatnonzero(smallest == domain))
        aside[rows[: round(share * len(rows))]] = True
    return aside


def _whole(smallest: Rows, together: Rows, share: float, random: np.random.Generator) -> Mask:
    """Take units of rows, the largest first, wherever that brings the domains nearer to their share."""
    _, unit = np.unique(together, return_inverse=True)
    cells, rows = np.unique(np.column_stack([unit, smallest]), axis=0, return_counts=True)
    starts = np.searchsorted(cells[:, 0], np.arange(unit.max(initial=-1) + 2))
    order = random.permutation(len(starts) - 1)
    order = order[np.argsort(-np.bincount(unit)[order], kind="stable")]
    target = share * np.bincount(smallest).astype(np.float64)
    lacking, taken = target.copy(), np.zeros(len(order), bool)
    for one in order:
        own = slice(starts[one], starts[one + 1])
        domains, more = cells[own, 1], rows[own]
        # how much the squared distances from the targets, in parts of the targets, would grow
        growth = more * (more - 2 * lacking[domains]) / np.maximum(target[domains], 1e-9)
        if growth.sum() < 0:
            taken[one] = True
            lacking[domains] -= more
    return np.asarray(taken[unit])


def dealt(
    member: Mask, folds: int, *, seed: int, together: Rows | None = None
) -> NDArray[np.int64]:
    """Return ``(n,)``, the fold of each row, every domain spread over all folds.

    Rows with the same number in ``together`` ``(n,)`` are in the same fold.
    """
    fold = np.zeros(len(member), np.int64)
    left = np.arange(len(member))
    for number in range(folds - 1, 0, -1):
        aside = kept_aside(
            member[left],
            1 / (number + 1),
            seed=seed + number,
            together=None if together is None else together[left],
        )
        fold[left[aside]] = number
        left = left[~aside]
    return fold


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How K detectors did on rows that they had not seen; NaN where there was nothing to count.

    Attributes:
        recall: ``(K,)`` of the domain's rows, the part that was found.
        precision: ``(K,)`` of the rows that were found, the part that is in the domain.
        share_ratio: ``(K,)`` rows found, per row of the domain.
        f1: ``(K,)`` harmonic mean of recall and precision.
        auc: ``(K,)`` chance that a row of the domain scores higher than another one.
    """

    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    share_ratio: NDArray[np.float64]
    f1: NDArray[np.float64]
    auc: NDArray[np.float64]


def scored(
    member: Mask, predicted: Mask, score: NDArray[np.floating], known: Mask | None = None
) -> Scores:
    """Compare what is so, ``(n, K)``, with what was said, and with the scores behind it.

    Where ``known`` ``(n, K)`` is false it is not known what is so, and nothing is compared.
    """
    told = np.ones(member.shape, bool) if known is None else known
    hit = (member & predicted & told).sum(axis=0)
    size, said = (member & told).sum(axis=0), (predicted & told).sum(axis=0)
    return Scores(
        recall=_over(hit, size),
        precision=_over(hit, said),
        share_ratio=_over(said, size),
        f1=_over(2 * hit, size + said),
        auc=np.array(
            [auc(member[own, k], score[own, k]) for k, own in enumerate(told.T)], np.float64
        ),
    )


def auc(member: Mask, score: NDArray[np.floating]) -> float:
    """Return the chance that a row inside scores higher than one outside; NaN where one is missing."""
    from scipy.stats import rankdata

    inside = int(member.sum())
    outside = len(member) - inside
    if not inside or not outside:
        return float("nan")
    above = rankdata(score)[member].sum() - inside * (inside + 1) / 2
    return float(above / (inside * outside))


def _over(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    figures: NDArray[np.float64] = np.full(len(part), np.nan)
    return np.divide(part, whole, out=figures, where=whole > 0)
