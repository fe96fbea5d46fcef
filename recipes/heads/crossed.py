"""Every row judged by something that has not seen it: teaching rows in folds, the others by the whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from recipes.grouped import Mask
from recipes.vectors.whitening import Vectors

Labels = NDArray[np.int64]
T = TypeVar("T")

HELD_OUT: Final = -1
"""Fold of rows that only score."""
LEFT_OUT: Final = -2
"""Fold of rows of which it is not known what they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows to learn from and to be judged.

    Attributes:
        z: ``(n, m)``, of mean square length about 1.
        labels: ``(n,)``, 0 to K − 1; −1 for rows of no class.
        fold: ``(n,)``, 0 up for rows that teach; ``HELD_OUT`` or ``LEFT_OUT``.
        count: K.
    """

    z: Vectors
    labels: Labels
    fold: Labels
    count: int

    @property
    def teach(self) -> Mask:
        """``(n,)``: rows of a class that teach."""
        return np.asarray((self.fold >= 0) & (self.labels >= 0))

    @property
    def aside(self) -> Mask:
        """``(n,)``: rows that only score."""
        return np.asarray(self.fold == HELD_OUT)

    def crossed(
        self, fit: Callable[[Mask], T], judge: Callable[[T, Mask], NDArray[np.floating]]
    ) -> tuple[T, NDArray[np.float64]]:
        """Return what ``fit`` gives on all teaching rows, and how rows are judged that it has not seen.

        Rows of each fold are judged by a fit to the others; rows that do not teach by the fit to all.

        Args:
            fit: from the rows to learn from, ``(n,)`` bool.
            judge: from a fit and the rows to judge to ``(rows, …)``.
        """
        whole = fit(self.teach)
        rest = self.fold < 0
        first = judge(whole, rest)
        verdict = np.zeros((len(self.z), *first.shape[1:]))
        verdict[rest] = first
        for number in range(int(self.fold.max()) + 1):
            own = self.fold == number
            verdict[own] = judge(fit(self.teach & ~own), own)
        return whole, verdict
