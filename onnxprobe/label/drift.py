"""Parts of the pictures (folders, months, …) where a class is more or less frequent than elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.label.heads import Head
from onnxprobe.label.intervals import expected, shared


@dataclass(frozen=True, slots=True)
class Drift:
    """A class in one part of the pictures.

    Attributes:
        part: which part.
        labelled: pictures of it that could be labelled.
        head: prefix of the head.
        id: of the class.
        name: of the class.
        pictures: of the part that are in the class.
        share: they as a share of ``labelled``, 0 to 1.
        elsewhere: the share of the class in all other parts together.
        low: the least that ``share`` may be if the part is like the others.
        high: the most.
    """

    part: str
    labelled: int
    head: str
    id: int
    name: str
    pictures: int
    share: float
    elsewhere: float
    low: float
    high: float


def drift(
    head: Head,
    parts: Sequence[str],
    counts: NDArray[np.int64],
    totals: Sequence[int],
    *,
    confidence: float,
) -> tuple[Drift, ...]:
    """Return where a class leaves the interval that all other parts give for it, furthest first.

    Args:
        head: whose K classes are looked at.
        parts: names of the P parts.
        counts: pictures of each class in each part, ``(P, K)``.
        totals: pictures of each part that could be labelled, ``(P,)``.
        confidence: with which none of the P × K is listed by chance.
    """
    here = np.array(totals, np.int64)[:, None]
    others, of = counts.sum(axis=0) - counts, here.sum() - here
    level = shared(confidence, counts.size)
    bounds = expected(others, of, counts, here, confidence=level)
    share = counts / np.maximum(here, 1)
    elsewhere = others / np.maximum(of, 1)
    outside = np.maximum(bounds.low - share, share - bounds.high)
    known = (here > 0) & (of > 0)
    width = np.maximum(bounds.high - bounds.low, np.finfo(float).tiny)
    far = np.where(known, outside / width, -1)
    listed = [(p, k) for p, k in np.argwhere(far > 0).tolist()]
    listed.sort(key=lambda place: (-far[place], place))
    return tuple(
        Drift(
            parts[p],
            totals[p],
            head.prefix,
            k,
            head.classes[k],
            int(counts[p, k]),
            float(share[p, k]),
            float(elsewhere[p, k]),
            float(bounds.low[p, k]),
            float(bounds.high[p, k]),
        )
        for p, k in listed
    )
