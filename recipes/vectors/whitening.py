"""Vectors in which rare attributes count: standardised, then half-whitened, as one linear map."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recipes.vectors.sampling import chunks

Vectors = NDArray[np.float32]

CONSTANT: Final = 1e-4
"""Spread of a column, as part of its largest value, up to which it is left out: dividing by less
would turn the rounding of float32 into signal, here and in the head that this is folded into."""
_TINY: Final = 1e-6
_WIDE: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """``z = (x - center) @ transform``.

    Attributes:
        center: ``(d,)`` float64.
        transform: ``(d, m)`` float64; rows of columns that do not vary are 0. m may be 0.
    """

    center: NDArray[np.float64]
    transform: NDArray[np.float64]

    def __call__(self, x: Vectors) -> Vectors:
        """Return ``(n, m)`` float32 of ``x`` ``(n, d)``."""
        transform = self.transform.astype(np.float32)
        moved = np.empty((len(x), transform.shape[1]), np.float32)
        for own in chunks(len(x)):  # centring is in float64: not of all rows at once
            moved[own] = np.asarray(x[own] - self.center, np.float32) @ transform
        return moved


def half_whitening(x: Vectors, components: int, *, seed: int) -> Whitening:
    """Fit the map on ``x`` ``(n, d)``: columns to variance 1, then principal components to variance ** 1/2.

    Half-way between PCA, where the few directions that vary most decide who is near, and whitening,
    where noise counts as much as they do; rare attributes live in between.
    """
    n, d = x.shape
    center = x.mean(axis=0, dtype=np.float64)
    spread = x.std(axis=0, dtype=np.float64)
    varies = spread > CONSTANT * np.abs(x).max(axis=0, initial=0.0)
    if not varies.any():
        return Whitening(center, np.zeros((d, 0)))
    scaled = np.asarray((x[:, varies] - center[varies]) / spread[varies], np.float32)
    directions, variance = _principal(scaled, min(components, n - 1, scaled.shape[1]), seed)
    real = variance > _TINY * variance[0]  # what is left of a column that others add up to
    transform = np.zeros((d, int(real.sum())))
    transform[varies] = (directions[real] * variance[real, None] ** -0.25).T / spread[varies, None]
    return Whitening(center, transform)


def _principal(
    x: Vectors, count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.decomposition import PCA

    solver = "covariance_eigh" if x.shape[1] <= _WIDE else "randomized"
    pca = PCA(count, svd_solver=solver, random_state=seed).fit(x)
    return pca.components_.astype(np.float64), pca.explained_variance_.astype(np.float64)
