"""Rows that are kept aside, and how detectors do on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def kept_aside(member: Mask, share: float, *, seed: int) -> Mask:
    """Return ``(n,)``: which rows are kept aside, ``share`` of every domain and of the rest.

    Rows are dealt out within the smallest domain that they belong to, so that small ones are split
    as evenly as large ones.
    """
    n, count = member.shape
    size = np.append(member.sum(axis=0), n)
    either = np.hstack([member, np.ones((n, 1), bool)])  # the last column: in no domain
    smallest = np.where(either, size, n + 1).argmin(axis=1)
    random = np.random.default_rng(seed)
    aside = np.zeros(n, bool)
    for domain in range(count + 1):
        rows = random.permutation(np.flatnonzero(smallest == domain))
        aside[rows[: round(share * len(rows))]] = True
    return aside


def dealt(member: Mask, folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return ``(n,)``, the fold of each row, every domain spread over all folds."""
    fold = np.zeros(len(member), np.int64)
    left = np.arange(len(member))
    for number in range(folds - 1, 0, -1):
        aside = kept_aside(member[left], 1 / (number + 1), seed=seed + number)
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


def scored(member: Mask, predicted: Mask, score: NDArray[np.floating]) -> Scores:
    """Compare what is so, ``(n, K)``, with what was said, and with the scores behind it."""
    hit = (member & predicted).sum(axis=0)
    size, said = member.sum(axis=0), predicted.sum(axis=0)
    return Scores(
        recall=_over(hit, size),
        precision=_over(hit, said),
        share_ratio=_over(said, size),
        f1=_over(2 * hit, size + said),
        auc=np.array([_auc(member[:, k], score[:, k]) for k in range(member.shape[1])]),
    )


def _auc(member: Mask, score: NDArray[np.floating]) -> float:
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
