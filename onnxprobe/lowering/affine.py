"""Affine maps in float64, put together before any of them is written into a graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """``y = (x - center) @ weight.T + bias``, from ``(N, d)`` to ``(N, m)``.

    Keeping the centre apart from the bias lets a graph subtract it first, where multiplying first
    would lose what is left after the two cancel.

    Attributes:
        weight: ``(m, d)``, or ``(d,)`` for a diagonal.
        bias: ``(m,)``.
        center: ``(d,)``.
    """

    weight: Wide
    bias: Wide
    center: Wide

    @classmethod
    def of(cls, weight: Any, bias: ArrayLike = 0.0, center: ArrayLike = 0.0) -> "Affine":
        """Return the map of arrays of any float type, or of a sparse matrix; scalars are repeated."""
        dense = weight.toarray() if hasattr(weight, "toarray") else weight
        wide = np.asarray(dense, np.float64)
        sizes = wide.shape[0], wide.shape[-1]
        ends = (
            np.broadcast_to(np.asarray(end, np.float64).reshape(-1), (size,)).copy()
            for end, size in zip((bias, center), sizes, strict=True)
        )
        return cls(wide, *ends)

    @property
    def sizes(self) -> tuple[int, int]:
        """``(m, d)``."""
        return self.weight.shape[0], self.weight.shape[-1]

    def then(self, after: "Affine") -> "Affine":
        """Return the map that does this one first, and ``after`` on what it gives."""
        if self.weight.ndim == 1:
            weight = after.weight * self.weight
        elif after.weight.ndim == 1:
            weight = after.weight[:, None] * self.weight
        else:
            weight = after.weight @ self.weight
        moved = self.bias - after.center
        turned = after.weight * moved if after.weight.ndim == 1 else after.weight @ moved
        return Affine(weight, turned + after.bias, self.center)

    def rows(self, chosen: slice) -> "Affine":
        """Return the map to some of the outputs; a diagonal is written out."""
        full = np.diag(self.weight) if self.weight.ndim == 1 else self.weight
        return Affine(full[chosen], self.bias[chosen], self.center)

    def around(self, center: Wide) -> "Affine":
        """Return the same map, written with another centre."""
        shift = center - self.center
        turned = self.weight * shift if self.weight.ndim == 1 else self.weight @ shift
        return Affine(self.weight, self.bias + turned, center)


def stacked(maps: Sequence[Affine]) -> Affine:
    """Return the map to the outputs of all of ``maps``, one after the other."""
    center = maps[0].center
    same = [a.rows(slice(None)).around(center) for a in maps]
    weight, bias = (
        np.concatenate(parts) for parts in zip(*((a.weight, a.bias) for a in same), strict=True)
    )
    return Affine(weight, bias, center)
