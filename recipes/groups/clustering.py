"""Which groups of pictures are really there: stable, isolated communities in any of several views."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.machine import cores
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.forecast import Cost
from onnxprobe.recipe.kinds import Amount, Bounds, Count, Positive, Rounds, Seed, Share
from recipes.engine import require
from recipes.groups.merging import Candidate, merged
from recipes.groups.stability import MOST, SHARE, Redrawn, Told, enough
from recipes.vectors.near import Near, Search
from recipes.vectors.neighbours import Rows, among, graph
from recipes.vectors.searches import FAISS, SEARCHES
from recipes.vectors.whitening import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Neighbours = Mapping[str, NDArray[np.integer]]
"""By view ``(m, k)``: the rows nearest to each, best first."""
Graphs = Mapping[str, "csr_matrix"]
"""By view ``(m, m)``."""
_LEIDEN: Final = 5e-7
_GROWTH: Final = 1.4
"""Seconds that communities of n rows take: the first times n to the power of the second."""
_HIDING: Final = 0.1
"""Part of the rows that groups must hold to have hidden others."""
_LATER: Final = 0.5
"""What later passes take together, of the first."""
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
    ``recipes.groups.isolation``). Groups of all views become one list without near-duplicates. Then
    they are looked for again among the rows that are in none, where large ones no longer hide small
    ones; what is found there must convince among all rows too, for what lay between may just be gone.

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
        passes: times that groups are looked for, among all and then among what is left, at most.
        smallest: fewest pictures that make a group.
        rows: among which groups are looked for, at most; of more so many are drawn, and the others
            are where most of their neighbours are.
        seed: the same gives the same groups.
        engine: that looks for neighbours: ``faiss``, or ``cuml`` on an NVIDIA GPU.
    """

    neighbours: Count = 15
    components: Count = 256
    resolutions: tuple[Positive, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
    rounds: Rounds = 10
    stability: Share = 0.75
    isolation: Amount = 2.0
    certain: Amount = 0.9
    widening: Amount = 3.5
    apart: Amount = 8.0
    passes: Count = 4
    smallest: Annotated[int, Bounds(least=2)] = 12
    rows: Annotated[int, Bounds(least=FEWEST_ROWS)] = 100_000
    seed: Seed = 0
    engine: str = FAISS.name

    def check(self) -> None:
        """Look whether the engine is there.

        Raises:
            NoSuchNameError: nobody knows it.
            DeviceError: it cannot work here.
        """
        require(SEARCHES[self.engine], "clustering.engine", FAISS.name)

    def search(self, count: int = 0) -> Search:
        """Return the search for neighbours that groups need, or for ``count`` if that is more."""
        count = max(count, enough(self.neighbours, self.rows))
        return Search(
            self.rows, count, components=self.components, seed=self.seed, engine=self.engine
        )

    def cost(self, rows: int, widths: tuple[int, ...]) -> Cost:
        """Return what it takes, the search for neighbours included."""
        search, own = self.search().cost(rows, widths), min(rows, self.rows)
        again = min(SHARE * own, MOST)
        levels = len(widths) * len(self.resolutions)
        seconds = levels * _LEIDEN * (own**_GROWTH + self.rounds * again**_GROWTH)
        seconds *= 1 + _LATER * (self.passes > 1)
        graphs = 24 * self.neighbours * (2 * own + self.rounds * again)
        return Cost(search.seconds + seconds, max(search.memory, graphs + 100 * own))

    def __call__(
        self, views: Mapping[str, Vectors], near: Near | None = None, *, progress: Progress = silent
    ) -> Groups:
        """Find groups in ``views``; ``near`` is what ``search`` gives, where it has been asked already."""
        from threadpoolctl import threadpool_limits

        near = near or self.search()(views, progress=progress)
        if near.total < self._fewest:
            raise RecipeError(
                f"too few pictures: {near.total}; finding groups needs at least {self._fewest}"
            )
        with threadpool_limits(1):  # rounds and candidates run side by side, not their products
            whole = dict(zip(near.views, near.rows, strict=True))
            joined = self._joined(whole)
            found = self._look(whole, joined, progress)
            before = len(near.drawn)
            for _ in range(self.passes - 1):
                left = _left(found, len(near.drawn))
                if len(left) < self._fewest or len(left) > (1 - _HIDING) * before:
                    break
                found += self._among(left, whole, joined, progress)
                before = len(left)
        return _flat(found, near)

    def _joined(self, near: Neighbours) -> Graphs:
        """Return the graph of each view."""
        return {view: graph(rows, count=self.neighbours) for view, rows in near.items()}

    def _look(self, near: Neighbours, joined: Graphs, progress: Progress) -> list[Candidate]:
        """Return the groups of all views at all resolutions."""
        found: list[Candidate] = []
        told = Told("groups", len(near) * len(self.resolutions) * (self.rounds + 1), progress)
        for view, rows in near.items():
            redrawn = Redrawn.of(rows, self.neighbours, self.rounds, seed=self.seed)
            for resolution in self.resolutions:
                found += self._at(view, joined[view], redrawn, resolution, told)
        return merged(found)

    def _among(
        self, left: Rows, whole: Neighbours, joined: Graphs, progress: Progress
    ) -> list[Candidate]:
        """Return the groups among the rows ``left``, which convince among all rows as well."""
        from recipes.groups.isolation import isolation

        near = {view: among(rows, left) for view, rows in whole.items()}
        found: list[Candidate] = []
        for one in self._look(near, self._joined(near), progress):
            member = np.zeros(len(whole[one.view]), bool)
            member[left] = one.member
            apart = isolation(joined[one.view], member)
            found.append(replace(one, member=member, isolation=apart))
        return [one for one in found if self._convinces(one, joined[one.view])]

    @property
    def _fewest(self) -> int:
        """Rows that must be there for groups to be looked for."""
        return max(FEWEST_ROWS, 3 * self.neighbours, 4 * self.smallest)

    def _at(
        self, view: str, joined: "csr_matrix", redrawn: Redrawn, resolution: float, told: Told
    ) -> list[Candidate]:
        """Return the convincing communities of one view at one resolution."""
        from recipes.groups.isolation import isolation
        from recipes.groups.leiden import leiden

        labels = leiden(joined, resolution, seed=self.seed)
        told(1)
        size = np.bincount(labels)
        # more than half of everything is the background that the others stand out from
        fits = (size >= self.smallest) & (size <= len(labels) / 2)
        again = redrawn.stability(labels, resolution, fits=fits, least=self.stability, told=told)
        fits &= again >= self.stability

        def candidate(community: int) -> Candidate:
            member = labels == community
            apart = isolation(joined, member)
            return Candidate(member, view, resolution, float(again[community]), apart)

        with ThreadPoolExecutor(cores()) as pool:
            candidates = list(pool.map(candidate, np.flatnonzero(fits)))
        return [one for one in candidates if self._convinces(one, joined)]

    def _convinces(self, one: Candidate, joined: "csr_matrix") -> bool:
        from recipes.groups.isolation import widening

        enough = 1.0 if one.stability >= self.certain else self.isolation
        if one.isolation < enough:
            return False
        return one.isolation >= self.apart or widening(joined, one.member) >= self.widening


def _left(groups: list[Candidate], rows: int) -> Rows:
    """Return the rows, of so many, that are in none of ``groups``."""
    taken = np.zeros(rows, bool)
    for group in groups:
        taken |= group.member
    return np.flatnonzero(~taken)


def _flat(groups: list[Candidate], near: Near) -> Groups:
    order = sorted(groups, key=lambda one: (one.stability, one.isolation), reverse=True)
    member = np.zeros((near.total, len(order)), bool)
    for view in near.views:
        own = [column for column, one in enumerate(order) if one.view == view]
        drawn = [order[column].member for column in own]
        if own:
            member[:, own] = near.spread(view, np.column_stack(drawn))
    return Groups(
        member,
        tuple(one.view for one in order),
        np.array([one.stability for one in order], np.float64),
        np.array([one.isolation for one in order], np.float64),
        np.array([one.resolution for one in order], np.float64),
    )
