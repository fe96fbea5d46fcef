"""How alike two sets of vectors are, whatever their directions are called: linear CKA, debiased."""

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def compact(x: NDArray[np.floating]) -> Real:
    """Return vectors with the same products among rows as ``x`` ``(n, d)``, centred, ``(n, min(n, d))``."""
    centered: Real = x.astype(np.float64) - x.mean(axis=0, dtype=np.float64)
    n, d = centered.shape
    if d <= n:
        return centered
    values, directions = np.linalg.eigh(centered @ centered.T)
    return np.asarray(directions * np.sqrt(np.maximum(values, 0)))


def cka(x: Real, y: Real) -> float:
    """Return the linear CKA of ``x`` ``(n, d)`` and ``y`` ``(n, e)``: 1 for the same, about 0 for nothing in common.

    Kornblith et al. 2019 (arXiv:1905.00414), from the unbiased estimate of HSIC (Song et al. 2012;
    Nguyen et al. 2021, arXiv:2010.15327): without it, two sets with more channels than pictures are
    alike whatever is in them. It does not change when channels are turned, mixed orthogonally, or
    scaled together. It may be a little below 0. NaN where one of them does not vary.

    Args:
        x: as :func:`compact` gives it; rows are pictures.
        y: the same pictures.
    """
    own = hsic(x, x) * hsic(y, y)
    return float(hsic(x, y) / np.sqrt(own)) if own > 0 else float("nan")


def hsic(x: Real, y: Real) -> float:
    """Return the unbiased estimate of HSIC with linear kernels, from n of the pictures, 4 at least.

    The products of all pairs are never held at once: their sums are had from the channels.
    """
    n = len(x)
    own_x, own_y = (x**2).sum(axis=1), (y**2).sum(axis=1)
    to_all_x = x @ x.sum(axis=0) - own_x
    to_all_y = y @ y.sum(axis=0) - own_y
    both = ((x.T @ y) ** 2).sum() - own_x @ own_y
    everything = to_all_x.sum() * to_all_y.sum() / ((n - 1) * (n - 2))
    rows = 2 * (to_all_x @ to_all_y) / (n - 2)
    return float((both + everything - rows) / (n * (n - 3)))
