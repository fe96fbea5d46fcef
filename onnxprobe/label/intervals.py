"""Between which bounds a share must lie, given one that was measured on a sample.

Two measurements of one share differ by chance. How much they may is Newcombe's hybrid interval for
the difference of two proportions (1998, Statistics in Medicine 17:873, method 10), which is built
from Wilson's interval of each (1927, JASA 22:209). Where the second is measured on very many
pictures, what is left is Wilson's interval of the sample.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Interval(NamedTuple):
    """Bounds, each of the shape of what was asked for.

    Attributes:
        low: 0 to 1.
        high: 0 to 1.
    """

    low: Array
    high: Array


def wilson(count: ArrayLike, of: ArrayLike, *, confidence: float) -> Interval:
    """Return Wilson's score interval of the share that ``count`` is ``of`` so many pictures.

    It holds for few pictures and for shares near 0 and 1. Of no pictures at all it is 0 to 1.

    Args:
        count: pictures that are in, 0 to ``of``.
        of: all pictures.
        confidence: above 0, below 1.
    """
    n = np.asarray(of, np.float64)
    k = np.asarray(count, np.float64)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    middle = k + z * z / 2
    half = z * np.sqrt(k * (n - k) / np.maximum(n, 1) + z * z / 4)
    return Interval(
        np.clip(np.where(k == 0, 0, (middle - half) / (n + z * z)), 0, 1),
        np.clip(np.where(k == n, 1, (middle + half) / (n + z * z)), 0, 1),
    )


def expected(
    count: ArrayLike, of: ArrayLike, seen: ArrayLike, again: ArrayLike, *, confidence: float
) -> Interval:
    """Return where the share of ``seen`` among ``again`` pictures may lie if nothing has changed.

    Args:
        count: pictures of the sample that are in the class.
        of: pictures of the sample.
        seen: pictures that are in it now.
        again: pictures that were looked at now.
        confidence: with which an unchanged share is inside.
    """
    before, now = _share(count, of), _share(seen, again)
    old, new = wilson(count, of, confidence=confidence), wilson(seen, again, confidence=confidence)
    return Interval(
        np.clip(before - np.hypot(before - old.low, new.high - now), 0, 1),
        np.clip(before + np.hypot(old.high - before, now - new.low), 0, 1),
    )


def shared(confidence: float, questions: int) -> float:
    """Return the confidence of each of many questions so that ``confidence`` is that of all.

    Bonferroni: of a hundred intervals at 95 %, five are left by chance.
    """
    return 1 - (1 - confidence) / max(1, questions)


def _share(count: ArrayLike, of: ArrayLike) -> Array:
    whole = np.maximum(np.asarray(of, np.float64), 1)
    result: Array = np.asarray(count, np.float64) / whole
    return result
