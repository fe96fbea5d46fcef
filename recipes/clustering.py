"""Which groups of pictures are really there: stable, isolated communities in any of several views."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from recipes.merging import Candidate, merged
from recipes.neighbours import graph, nearest, unit
from recipes.whitening import Vectors, half_whitening

FEWEST_ROWS: Final = 50
"""Below this a group of ``FEWEST_MEMBERS`` is a fifth of everything."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups that proved stable, the most stable first; they may overlap. K may be 0.

    Attributes:
        member: ``(n, K)`` bool.
        view: K names, of the view each was found in.
        stability: ``(K,)`` 0 to 1, median overlap with what re-drawn pictures give (Hennig 2007).
        isolation: ``(K,)`` how much easier each parts from the rest than into halves.
        resolution: ``(K,)`` of Leiden, at which each was found.
    """

    member: NDArray[np.bool_]
    view: tuple[str, ...]
    stability: NDArray[np.float64]
    isolation: NDArray[np.float64]
    resolution: NDArray[np.float64]


@dataclass(frozen=True)
class Communities:
    """Stable communities of half-whitened neighbour graphs, one graph per view.

    Attributes:
        neighbours: rows that each row is joined with in the graph.
        components: principal components kept, at most.
        resolutions: of Leiden; higher ones look for smaller groups.
        rounds: times that the rows are drawn again to see whether a community comes back.
        stability: median Jaccard overlap that it must reach over those rounds, 0 to 1.
        isolation: how much easier it must part from the rest than into halves; 1 for a piece of a ring.
        smallest: fewest pictures that make a group.
        seed: the same gives the same groups.
    """

    neighbours: int = 15
    components: int = 256
    resolutions: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    rounds: int = 10
    stability: float = 0.75
    isolation: float = 1.5
    smallest: int = 12
    seed: int = 0

    def __call__(self, views: Mapping[str, Vectors], *, progress: Progress = silent) -> Groups:
        rows = _rows(views, fewest=max(FEWEST_ROWS, 3 * self.neighbours, 4 * self.smallest))
        total = len(views) * len(self.resolutions)
        found: list[Candidate] = []
        for number, (name, x) in enumerate(views.items()):
            for step, candidates in enumerate(self._in_view(name, x)):
                found += candidates
                progress("groups", number * len(self.resolutions) + step + 1, total)
        return _flat(merged(found), rows)

    def _in_view(self, name: str, x: Vectors) -> Iterator[list[Candidate]]:
        """Yield the candidates of one view, resolution by resolution."""
        from recipes.isolation import isolation
        from recipes.leiden import leiden
        from recipes.stability import stability

        z = half_whitening(x, self.components, seed=self.seed)(x)
        if z.shape[1] == 0:  # the same vector in every row
            return
        near, _ = nearest(unit(z), 2 * self.neighbours)
        joined = graph(near, count=self.neighbours)
        for resolution in self.resolutions:
            labels = leiden(joined, resolution, seed=self.seed)
            size = np.bincount(labels)
            again = stability(
                near,
                labels,
                resolution,
                neighbours=self.neighbours,
                rounds=self.rounds,
                seed=self.seed,
            )
            # more than half of everything is the background that the others stand out from
            fits = (size >= self.smallest) & (size <= len(x) / 2) & (again >= self.stability)
            candidates = (
                Candidate(
                    labels == one,
                    name,
                    resolution,
                    float(again[one]),
                    isolation(joined, labels == one),
                )
                for one in np.flatnonzero(fits)
            )
            yield [one for one in candidates if one.isolation >= self.isolation]


def _rows(views: Mapping[str, Vectors], *, fewest: int) -> int:
    """Return n, the rows that all views have.

    Raises:
        RecipeError: no views, different lengths, too few rows, or a value that is not finite.
    """
    if not views:
        raise RecipeError("finding groups needs at least one view of the pictures; there is none")
    lengths = {name: len(x) for name, x in views.items()}
    n = min(lengths.values())
    if n != max(lengths.values()):
        raise RecipeError(f"the views must describe the same pictures, but have {lengths} rows")
    if n < fewest:
        raise RecipeError(f"too few pictures: {n}; finding groups needs at least {fewest}")
    for name, x in views.items():
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
            raise RecipeError(f"view {name!r} has a value that is not finite in row {row}")
    return n


def _flat(groups: list[Candidate], rows: int) -> Groups:
    order = sorted(groups, key=lambda one: (one.stability, one.isolation), reverse=True)
    member = np.zeros((rows, len(order)), bool)
    for column, one in enumerate(order):
        member[:, column] = one.member
    return Groups(
        member,
        tuple(one.view for one in order),
        np.array([one.stability for one in order], np.float64),
        np.array([one.isolation for one in order], np.float64),
        np.array([one.resolution for one in order], np.float64),
    )
