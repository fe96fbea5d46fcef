"""All that is gathered of one probe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.store.channels.moments import Array, Moments
from onnxprobe.store.channels.top import Top

TOP: Final = 9
"""Pictures kept for each channel."""


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """What ``n`` vectors of ``d`` channels are like. Pictures are rows of the ledger.

    Attributes:
        moments: their mean and covariance.
        low: the least of each channel, float32 ``(d,)``; ∞ where there are no vectors.
        high: the largest, float32 ``(d,)``; −∞ there.
        zeros: how many are exactly 0, int64 ``(d,)``.
        top: the pictures that excite each channel most.
    """

    moments: Moments
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    zeros: NDArray[np.int64]
    top: Top

    @classmethod
    def of(cls, vectors: NDArray[np.float32], rows: NDArray[np.int64]) -> "Channels":
        """Look at ``vectors`` ``(n, d)`` of the pictures ``rows`` ``(n,)``, ascending."""
        vectors = vectors.astype(np.float32, copy=False)
        return cls(
            Moments.of(vectors),
            vectors.min(axis=0, initial=np.inf),
            vectors.max(axis=0, initial=-np.inf),
            (vectors == 0).sum(axis=0).astype(np.int64),
            Top.of(vectors, rows, k=TOP),
        )

    def merged(self, later: "Channels") -> "Channels":
        """Return what both are like together; the rows of ``later`` come after all of these."""
        return Channels(
            self.moments.merged(later.moments),
            np.minimum(self.low, later.low),
            np.maximum(self.high, later.high),
            self.zeros + later.zeros,
            self.top.merged(later.top),
        )

    @property
    def count(self) -> int:
        """How many vectors were looked at."""
        return self.moments.count

    @property
    def mean(self) -> Array:
        """Of each channel ``(d,)``."""
        return self.moments.mean

    @property
    def variance(self) -> Array:
        """Of each channel ``(d,)``, of the population."""
        return self.moments.variance

    @property
    def covariance(self) -> Array:
        """Of the population, ``(d, d)``; above ``moments.FULL`` channels the variances ``(d,)``."""
        return self.moments.scatter / max(1, self.count)

    @property
    def dead(self) -> NDArray[np.int64]:
        """Channels that are the same for every picture."""
        return np.flatnonzero(self.low >= self.high)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all of it as arrays by name; :meth:`read` undoes it."""
        return {
            "count": np.array([self.count], np.int64),
            "mean": self.mean,
            "scatter": self.moments.scatter,
            "low": self.low,
            "high": self.high,
            "zeros": self.zeros,
            "top_rows": self.top.rows,
            "top_values": self.top.values,
        }

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> "Channels":
        """Undo :meth:`arrays`."""
        return cls(
            Moments(int(arrays["count"][0]), arrays["mean"], arrays["scatter"]),
            arrays["low"],
            arrays["high"],
            arrays["zeros"],
            Top(arrays["top_rows"], arrays["top_values"]),
        )
