"""One list without near-duplicates from all that was found at all resolutions in all views."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAME: Final = 0.6
"""Jaccard overlap from which two groups are one and the same."""
WITHIN: Final = 0.9
"""Part of a group that lies in another from which it is a piece of that one."""
PLAIN: Final = 5.0
"""Isolation above which more says nothing: the group stands by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A community that proved stable.

    Attributes:
        member: ``(n,)`` bool.
        view: the name of the view it was found in.
        resolution: of Leiden when it was found.
        stability: 0 to 1.
        isolation: how much easier it parts from the rest than into halves.
    """

    member: NDArray[np.bool_]
    view: str
    resolution: float
    stability: float
    isolation: float

    @property
    def rank(self) -> tuple[float, float, int]:
        """Which of two that overlap is kept: the more isolated, then the more stable, the larger."""
        return min(self.isolation, PLAIN), self.stability, int(self.member.sum())


def merged(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that are no copy of a better one and no mere piece of a better one, best first."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda one: one.rank, reverse=True):
        if not any(_says_nothing_new(candidate.member, better.member) for better in kept):
            kept.append(candidate)
    return kept


def _says_nothing_new(member: NDArray[np.bool_], better: NDArray[np.bool_]) -> bool:
    both = np.count_nonzero(member & better)
    size = np.count_nonzero(member)
    either = size + np.count_nonzero(better) - both
    return bool(both >= SAME * either or both >= WITHIN * size)
