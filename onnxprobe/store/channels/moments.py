"""Mean and covariance in a form that can be merged without losing digits.

Chan, Golub & LeVeque, "Algorithms for computing the sample variance", The American Statistician 37
(1983): two sets are merged from their counts, means and sums of squared deviations from the mean.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FULL: Final = 2048
"""Up to so many channels the whole covariance is kept (34 MB); of more, the variances alone."""
_ROWS: Final = 4096
"""Rows turned into float64 at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Sums over ``n`` vectors of ``d`` channels.

    Attributes:
        count: n.
        mean: ``(d,)``; zeros where there are no vectors.
        scatter: sum of the products of deviations from the mean, ``(d, d)``; of more than
            ``FULL`` channels its diagonal, ``(d,)``.
    """

    count: int
    mean: Array
    scatter: Array

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> "Moments":
        """Sum up ``vectors`` ``(n, d)``, in float64."""
        if len(vectors) <= _ROWS:
            return cls._block(vectors.astype(np.float64))
        half = -(-len(vectors) // (2 * _ROWS)) * _ROWS
        return cls.of(vectors[:half]).merged(cls.of(vectors[half:]))

    @classmethod
    def _block(cls, x: Array) -> "Moments":
        width = x.shape[1]
        if not len(x):
            shape = (width, width) if width <= FULL else (width,)
            return cls(0, np.zeros(width), np.zeros(shape))
        mean = x.mean(axis=0)
        x -= mean
        scatter = x.T @ x if width <= FULL else np.einsum("nd,nd->d", x, x)
        return cls(len(x), mean, scatter)

    def merged(self, other: "Moments") -> "Moments":
        """Return the sums over both."""
        if not (self.count and other.count):
            return self if self.count else other
        count = self.count + other.count
        step = other.mean - self.mean
        scaled = step * np.sqrt(self.count * other.count / count)
        full = self.scatter.ndim > 1
        scatter = np.multiply.outer(scaled, scaled) if full else scaled * scaled
        scatter += self.scatter
        scatter += other.scatter
        return Moments(count, self.mean + step * (other.count / count), scatter)

    @property
    def variance(self) -> Array:
        """The variance of each channel ``(d,)``, of the population."""
        diagonal = np.diagonal(self.scatter) if self.scatter.ndim > 1 else self.scatter
        return diagonal / max(1, self.count)
