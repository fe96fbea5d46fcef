"""How sure a head may be taken at its word: figures over all classes, on rows that it has not seen."""

from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recipes.heads.heldout import Mask, auc

Real = NDArray[np.floating]
BINS: Final = 15
"""As in Guo et al. 2017."""
_POINTS: Final = 25
_PAIRS: Final = 2_000
"""Pairs of classes that are compared; of more, so many are drawn."""
_DIGITS: Final = 4


def areas(member: Mask, scores: Real) -> dict[str, float | None]:
    """Return areas under ROC curves, ``(n, K)`` each: one class against the rest, and against each other.

    ``ovo`` is over pairs of classes, rows of both left out, in both directions (Hand & Till 2001);
    weighted means weigh a class by its rows, a pair by the rows of the two.
    """
    size = member.sum(axis=0)
    rest = np.array([auc(member[:, k], scores[:, k]) for k in range(member.shape[1])])
    pairs, weights = [], []
    for a, b in _pairs(member.shape[1]):
        rows = member[:, a] ^ member[:, b]
        first, second = member[rows, a], member[rows, b]
        pairs.append((auc(first, scores[rows, a]) + auc(second, scores[rows, b])) / 2)
        weights.append(size[a] + size[b])
    return {
        "ovr_macro": _mean(rest, np.ones(len(rest))),
        "ovr_weighted": _mean(rest, size),
        "ovo_macro": _mean(np.array(pairs), np.ones(len(pairs))),
        "ovo_weighted": _mean(np.array(pairs), np.array(weights)),
    }


def calibration_error(member: Mask, scores: Real) -> float:
    """Return how far the highest score is from the part of rows where it is right (Guo et al. 2017).

    Over 15 bins of the highest score, weighted by their rows: the expected calibration error, 0 to 1.
    """
    best = scores.argmax(axis=1)
    sure = scores[np.arange(len(best)), best]
    right = member[np.arange(len(best)), best]
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, sure, BINS) - np.bincount(place, right, BINS)
    return round(float(np.abs(gaps).sum() / max(len(best), 1)), _DIGITS)


def curve(member: Mask, scores: Real, strange: Real) -> list[dict[str, float]]:
    """Return what is gained by leaving the strangest rows unanswered.

    ``coverage`` is the part of all rows that is answered by its highest score where only the least
    strange are, ``purity`` the part of those answers that is right. ``strange`` is ``(n,)``.
    """
    best = scores.argmax(axis=1)
    right = member[np.arange(len(best)), best][np.argsort(strange, kind="stable")]
    hits = np.cumsum(right)
    rows = np.unique(np.linspace(0, len(best), _POINTS + 1).round().astype(int))[1:]
    return [
        {
            "coverage": round(float(row / len(best)), 3),
            "purity": round(float(hits[row - 1] / row), 3),
        }
        for row in rows
    ]


def confusion(member: Mask, answer: NDArray[np.integer]) -> list[list[int]]:
    """Return ``(K, K + 1)`` counts: rows of each class by the class they were put into, the last none.

    ``answer`` is ``(n,)``; rows in no class are left out, one in several counts for its first.
    """
    count = member.shape[1]
    rows = member.any(axis=1)
    true, said = member[rows].argmax(axis=1), np.where(answer[rows] < 0, count, answer[rows])
    counts = np.bincount(true * (count + 1) + said, minlength=count * (count + 1))
    table: list[list[int]] = counts.reshape(count, count + 1).tolist()
    return table


def overall(member: Mask, scores: Real) -> dict[str, Any]:
    """Return the figures that every kind of head has; strangers are rows of no class."""
    doubt = -scores.max(axis=1)
    known = np.asarray(member.any(axis=1))
    told = auc(~known, doubt)
    return {
        "auc": areas(member, scores),
        "ece": calibration_error(member, scores),
        "rejection": {
            "measure": "highest score",
            "against": None if np.isnan(told) else "pictures in no group",
            "auroc": {} if np.isnan(told) else {"highest score": round(told, _DIGITS)},
        },
        "curve": curve(member, scores, doubt),
    }


def _pairs(count: int) -> list[tuple[int, int]]:
    pairs = list(combinations(range(count), 2))
    if len(pairs) <= _PAIRS:
        return pairs
    drawn = np.random.default_rng(0).choice(len(pairs), _PAIRS, replace=False)
    return [pairs[i] for i in drawn]


def _mean(values: Real, weights: Real) -> float | None:
    there = ~np.isnan(values)
    if not there.any() or not weights[there].sum():
        return None
    return round(float(np.average(values[there], weights=weights[there])), _DIGITS)
