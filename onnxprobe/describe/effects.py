"""How far a domain differs from the rest, and how surely: effect sizes, and what chance would give.

One scale for numbers and categories: Cliff's delta (Cliff 1993), the chance that a picture of the
domain has more of something than another picture, less the chance that it has less; −1 to 1. For a
category it is the difference of the two shares.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm, rankdata

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]

MEDIUM: Final = 0.33
"""Cliff's delta from which an effect is called medium (Romano et al. 2006)."""
_FEWEST: Final = 5
"""Pictures inside, and outside, below which nothing is said."""


def number_effects(x: Real, member: Mask) -> tuple[Real, Real]:
    """Return delta and p of every column of ``x`` ``(n, A)`` for every domain ``(n, K)``, each ``(A, K)``.

    P is two-sided, by the normal approximation of Mann & Whitney (1947) with its correction for
    ties. Rows with NaN in a column are left out of it; NaN where too few are left.
    """
    delta, p = np.full((2, x.shape[1], member.shape[1]), np.nan)
    for a, column in enumerate(x.T):
        there = ~np.isnan(column)
        inside = member[there].astype(np.float64)
        n, m = inside.shape[0], inside.sum(axis=0)
        enough = (m >= _FEWEST) & (n - m >= _FEWEST)
        if not enough.any():
            continue
        ranks = rankdata(column[there])
        pairs = np.where(enough, m * (n - m), 1.0)
        above = ranks @ inside - m * (m + 1) / 2
        spread = np.sqrt(pairs / 12 * (n + 1 - _ties(column[there]) / (n * (n - 1))))
        z = np.divide(above - pairs / 2, spread, out=np.zeros(len(m)), where=spread > 0)
        delta[a], p[a] = 2 * above / pairs - 1, 2 * norm.sf(np.abs(z))
        delta[a, ~enough], p[a, ~enough] = np.nan, np.nan
    return delta, p


def category_effects(has: Mask, member: Mask) -> tuple[Real, Real]:
    """Return delta and p of every category ``(n, A)`` for every domain ``(n, K)``, each ``(A, K)``.

    P is that of Fisher's exact test (1922), twice the smaller side.
    """
    n, total, m = len(has), has.sum(axis=0)[:, None], member.sum(axis=0)[None]
    both = has.T.astype(np.float64) @ member.astype(np.float64)
    enough = (m >= _FEWEST) & (n - m >= _FEWEST) & (total > 0)
    delta = both / np.maximum(m, 1) - (total - both) / np.maximum(n - m, 1)
    more = hypergeom.sf(both - 1, n, total, m)
    less = hypergeom.cdf(both, n, total, m)
    p = np.minimum(1, 2 * np.minimum(more, less))
    return np.where(enough, delta, np.nan), np.where(enough, p, np.nan)


def cramers_v(inside: float, outside: float, share: float) -> float:
    """Return Cramér's V (1946) of a category and a domain, 0 to 1, from shares.

    Args:
        inside: of the pictures in the domain, the part that has it.
        outside: of the others, the part that has it.
        share: of all pictures, the part that is in the domain.

    >>> cramers_v(1.0, 0.0, 0.01), round(cramers_v(1.0, 0.5, 0.5), 3)
    (1.0, 0.577)
    """
    whole = share * inside + (1 - share) * outside
    spread = whole * (1 - whole) * share * (1 - share)
    if spread <= 0:
        return 0.0
    return abs(float(share * (inside - whole) / np.sqrt(spread)))


def adjusted(p: Real) -> Real:
    """Return q for each p: what part of those as small as it are expected to be chance.

    Benjamini & Hochberg (1995). NaN, where nothing was tested, stays.
    """
    q = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    values = p[tested]
    order = np.argsort(values)[::-1]
    scaled = values[order] * len(values) / np.arange(len(values), 0, -1)
    result = np.empty(len(values))
    result[order] = np.minimum.accumulate(np.minimum(scaled, 1))
    q[tested] = result
    return q


def _ties(values: Real) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts**3 - counts).sum())
