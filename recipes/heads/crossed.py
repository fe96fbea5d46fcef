"""Every row judged by something that has not seen it: teaching rows in folds, the others by the whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import Layer, folded
from recipes.grouped import Grouping, Mask, known, one_each
from recipes.heads.split import Sides
from recipes.vectors.whitening import Vectors, Whitening, half_whitening

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


def side_by_side(  # noqa: PLR0913  what it depends on
    views: Mapping[str, Vectors],
    groups: Grouping,
    sides: Sides,
    *,
    folds: int,
    components: int,
    seed: int,
    drawn: Labels | None = None,
) -> tuple[Rows, Whitening]:
    """Return the rows of all views side by side, half-whitened, and the map that did it.

    Args:
        views: ``(n, d)`` each.
        groups: of the rows; each counts for the first group that it is in.
        sides: who teaches.
        folds: of those who teach.
        components: principal components that are kept, at most.
        seed: of the folds.
        drawn: numbers of the rows that are wanted, ascending; all if left out.
    """
    member, own = groups.member, slice(None) if drawn is None else drawn
    fold = np.full(len(member), HELD_OUT, np.int64)
    fold[~sides.aside] = sides.folds(member, folds, seed=seed)
    fold = np.where(known(groups).all(axis=1), fold, LEFT_OUT)[own]
    x, teach = np.hstack([view[own] for view in views.values()]), ~sides.aside[own]
    space = half_whitening(x[teach], components, seed=seed)
    z = space(x)
    length = float(np.sqrt((z[teach] ** 2).sum(axis=1).mean()))
    rows = Rows(z / np.float32(length), one_each(member[own]), fold, member.shape[1])
    return rows, Whitening(space.center, space.transform / length)


def raw(layer: Layer, space: Whitening) -> Layer:
    """Return ``layer``, which reads what ``space`` gives, on the vectors as they are."""
    return Layer(*folded(layer.weight, layer.bias, center=space.center, transform=space.transform))
