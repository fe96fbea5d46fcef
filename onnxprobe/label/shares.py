"""How many pictures are in each class, against how many were to be expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.label.heads import Head
from onnxprobe.label.intervals import expected, shared


@dataclass(frozen=True, slots=True)
class Share:
    """One class of a head.

    Attributes:
        id: its column in the head.
        name: what it is called.
        pictures: that are in it.
        observed: they as a share of all that could be labelled, 0 to 1.
        expected: its share of the sample, 0 to 1; null where the sample is not known.
        low: the least that ``observed`` may be if nothing has changed; null as above.
        high: the most.
    """

    id: int
    name: str
    pictures: int
    observed: float
    expected: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def left(self) -> bool:
        """Whether the share is outside its interval."""
        if self.low is None or self.high is None:
            return False
        return not self.low <= self.observed <= self.high


def shares(
    head: Head, counts: NDArray[np.int64], total: int, *, confidence: float
) -> tuple[Share, ...]:
    """Return the classes of ``head``, of which ``counts`` ``(K,)`` of ``total`` pictures were found.

    The intervals are those of an unchanged share, widened so that with ``confidence`` none of the
    K is left by chance.
    """
    observed = counts / max(total, 1)
    plain = zip(head.classes, counts.tolist(), observed.tolist(), strict=True)
    found = [Share(i, name, count, share) for i, (name, count, share) in enumerate(plain)]
    if head.sample is None or not total:
        return tuple(found)
    sizes = np.array(head.sample.sizes, np.float64)
    level = shared(confidence, len(head.classes))
    bounds = expected(sizes, head.sample.pictures, counts, total, confidence=level)
    before = sizes / head.sample.pictures
    told = zip(found, before.tolist(), bounds.low.tolist(), bounds.high.tolist(), strict=True)
    return tuple(
        Share(s.id, s.name, s.pictures, s.observed, was, low, high) for s, was, low, high in told
    )


def left(found: Sequence[Share]) -> tuple[Share, ...]:
    """Return the classes whose share is outside its interval, those most lost or inflated first."""
    outside = [share for share in found if share.left]
    return tuple(sorted(outside, key=lambda share: (-_change(share), share.id)))


def _change(share: Share) -> float:
    """Return by how many powers of e a share has changed; of nothing, or to nothing, by most."""
    if not share.expected or not share.observed:
        return float("inf")
    return float(abs(np.log(share.observed / share.expected)))
