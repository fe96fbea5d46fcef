"""Groups by density, of a map or of the vectors themselves: HDBSCAN and OPTICS."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Bounds, Count, Positive, Seed, Share
from recipes.engine import require
from recipes.grouped import Grouped, partition
from recipes.groups.densities import DENSITIES, SKLEARN
from recipes.maps.tsne import Layout
from recipes.vectors.neighbours import unit
from recipes.vectors.sampling import drawn
from recipes.vectors.whitening import Vectors, half_whitening

Labels = NDArray[np.int64]
Points = NDArray[np.float64]
Place = Literal["map", "embedding"]
_FEWEST_ROWS: Final = 50


@dataclass(frozen=True)
class ByDensity(ABC):
    """Clusters where pictures lie close together; pictures between them are in none.

    Attributes:
        space: where pictures are near each other: on the ``map``, or in the half-whitened
            ``embedding`` (slow above some 10,000 rows).
        smallest: pictures that make a cluster: a share of all below 1, else a count; 12 at least.
        rows: that are clustered, at most; the others ask their neighbours.
        voters: neighbours that such a row asks.
        seed: of the draw.
    """

    space: Place = "map"
    smallest: Positive = 0.004
    rows: Annotated[int, Bounds(least=_FEWEST_ROWS)] = 50_000
    voters: Count = 5
    seed: Seed = 0

    def __call__(
        self, views: Mapping[str, Vectors], layout: Layout, *, progress: Progress = silent
    ) -> Grouped:
        points = _points(self.space, views, layout)
        own = drawn(len(points), self.rows, seed=self.seed)
        found = self.clustered(points[own], _count(self.smallest, len(own)))
        progress("groups", 1, 1)
        return partition(_voted(points, own, found, self.voters), next(iter(views)))

    @abstractmethod
    def clustered(self, points: Points, smallest: int) -> Labels:
        """Return the cluster of each of ``points`` ``(n, m)``, of ``smallest`` or more; −1 for none."""


@dataclass(frozen=True)
class Hdbscan(ByDensity):
    """Clusters of any density (Campello et al. 2013).

    Attributes:
        selection: ``eom`` takes the clusters that last longest, ``leaf`` the finest.
        engine: ``sklearn``, or ``cuml-hdbscan`` on an NVIDIA GPU.
    """

    selection: Literal["eom", "leaf"] = "eom"
    engine: str = SKLEARN.name

    def check(self) -> None:
        """Look whether the engine is there.

        Raises:
            NoSuchNameError: nobody knows it.
            DeviceError: it cannot work here.
        """
        require(DENSITIES[self.engine], "clustering.engine", SKLEARN.name)

    def clustered(self, points: Points, smallest: int) -> Labels:
        return DENSITIES[self.engine].labels(points, smallest, self.selection)


@dataclass(frozen=True)
class Optics(ByDensity):
    """Clusters as dents in the order of reachability (Ankerst et al. 1999), which needs no radius.

    What the authors of dl-tsne suggest in place of DBSCAN.

    Attributes:
        neighbours: that make a dense place.
        steepness: how steep the walls of a dent are, 0 to 1 (xi).
    """

    rows: Annotated[int, Bounds(least=_FEWEST_ROWS)] = 20_000
    neighbours: Annotated[int, Bounds(least=2)] = 20
    steepness: Share = 0.05

    def clustered(self, points: Points, smallest: int) -> Labels:
        from sklearn.cluster import OPTICS

        if smallest > len(points):
            return np.full(len(points), -1, np.int64)
        near = min(self.neighbours, len(points))
        method = OPTICS(min_samples=near, xi=self.steepness, min_cluster_size=smallest)
        with np.errstate(divide="ignore", invalid="ignore"):  # copies lie at reachability 0
            return np.asarray(method.fit_predict(points), np.int64)


def _points(space: Place, views: Mapping[str, Vectors], layout: Layout) -> Points:
    """Return where the pictures are, ``(n, 2)`` or ``(n, m)``."""
    x = next(iter(views.values()))
    if len(x) < _FEWEST_ROWS:
        raise RecipeError(
            f"too few pictures: {len(x)}; finding groups needs at least {_FEWEST_ROWS}"
        )
    match space:
        case "map":
            return layout.layout.astype(np.float64)
        case "embedding":
            return unit(half_whitening(x, 256, seed=0)(x)).astype(np.float64)


def _count(smallest: float, rows: int) -> int:
    """Return how many rows make a cluster.

    >>> _count(0.004, 10_000), _count(0.004, 100), _count(30, 100)
    (40, 12, 30)
    """
    return max(round(smallest * rows if smallest < 1 else smallest), 12)


def _voted(points: Points, own: Labels, found: Labels, voters: int) -> Labels:
    """Return the labels of all rows: of those that were clustered their own, of the others a vote's."""
    labels = np.full(len(points), -1, np.int64)
    labels[own] = found
    others = np.setdiff1d(np.arange(len(points)), own, assume_unique=True)
    if len(others):
        from sklearn.neighbors import KNeighborsClassifier

        vote = KNeighborsClassifier(min(voters, len(own))).fit(points[own], found)
        labels[others] = vote.predict(points[others])
    return labels
