"""Which groups of pictures are really there: stable, isolated communities in any of several views."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from recipes.merging import Candidate, merged
from recipes.neighbours import Rows, graph, nearest, unit
from recipes.whitening import Vectors, half_whitening

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

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

    A community is a group if it comes back when the rows are drawn again, if it parts from the
    rest more easily than into halves, and if it is no stretch of a curve or surface (see
    ``recipes.isolation``). Groups of all views become one list without near-duplicates.

    Attributes:
        neighbours: rows that each row is joined with in the graph.
        components: principal components kept, at most.
        resolutions: of Leiden; higher ones look for smaller groups.
        rounds: times that the rows are drawn again to see whether a community comes back.
        stability: median Jaccard overlap that it must reach over those rounds, 0 to 1.
        isolation: how much easier it must part from the rest than into halves; a piece of a ring has 1.
        certain: stability from which an isolation of 1 is enough, 0 to 1.
        widening: rows two steps outside, for each one step outside, below which it may be a stretch
            of a curve or surface.
        apart: isolation from which it stands by itself on a curve too.
        smallest: fewest pictures that make a group.
        seed: the same gives the same groups.
    """

    neighbours: int = 15
    components: int = 256
    resolutions: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    rounds: int = 10
    stability: float = 0.75
    isolation: float = 2.0
    certain: float = 0.9
    widening: float = 3.5
    apart: float = 8.0
    smallest: int = 12
    seed: int = 0

    def __call__(self, views: Mapping[str, Vectors], *, progress: Progress = silent) -> Groups:
        from threadpoolctl import threadpool_limits

        rows = _rows(views, fewest=max(FEWEST_ROWS, 3 * self.neighbours, 4 * self.smallest))
        total = len(views) * len(self.resolutions)
        found: list[Candidate] = []
        for number, (name, x) in enumerate(views.items()):
            z = half_whitening(x, self.components, seed=self.seed)(x)
            if z.shape[1] == 0:  # the same vector in every row
                continue
            near, _ = nearest(unit(z), min(2 * self.neighbours, rows - 1))
            with threadpool_limits(1):  # rounds and candidates run side by side, not their products
                for step, resolution in enumerate(self.resolutions):
                    found += self._at(name, near, resolution)
                    progress("groups", number * len(self.resolutions) + step + 1, total)
        return _flat(merged(found), rows)

    def _at(self, view: str, near: Rows, resolution: float) -> list[Candidate]:
        """Return the convincing communities of one view at one resolution."""
        from recipes.isolation import isolation
        from recipes.leiden import leiden
        from recipes.stability import stability

        joined = graph(near, count=self.neighbours)
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
        fits = (size >= self.smallest) & (size <= len(near) / 2) & (again >= self.stability)

        def candidate(community: int) -> Candidate:
            member = labels == community
            apart = isolation(joined, member)
            return Candidate(member, view, resolution, float(again[community]), apart)

        with ThreadPoolExecutor(cpu_count()) as pool:
            candidates = list(pool.map(candidate, np.flatnonzero(fits)))
        return [one for one in candidates if self._convinces(one, joined)]

    def _convinces(self, one: Candidate, joined: "csr_matrix") -> bool:
        from recipes.isolation import widening

        enough = 1.0 if one.stability >= self.certain else self.isolation
        if one.isolation < enough:
            return False
        return one.isolation >= self.apart or widening(joined, one.member) >= self.widening


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
