"""The origin's groups: DBSCAN on half of the map, the rest labelled by its neighbours (dl-tsne, 2021)."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Bounds, Count, Positive, Seed
from recipes.maps.tsne import Layout

ORIGIN_ROWS: Final = 342_012
"""Rows in the origin's sample, which its ``min_samples`` was found by hand for."""
_FEWEST_SAMPLES: Final = 4
_FEWEST_ROWS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """At most one group a row, the largest first.

    Attributes:
        labels: ``(n,)`` 0 up; −1 for none.
        min_samples: what was used, after scaling.
    """

    labels: NDArray[np.int64]
    min_samples: int

    @property
    def member(self) -> NDArray[np.bool_]:
        """``(n, K)``, the same as columns."""
        return np.asarray(self.labels[:, None] == np.arange(self.labels.max(initial=-1) + 1))


@dataclass(frozen=True)
class KnnDbscan:
    """DBSCAN on a random half of the standardised map; a vote of neighbours labels every row, noise too.

    Fewer than two groups are none: there is nothing for a head to choose from.

    Attributes:
        eps: radius in which neighbours count, in standard deviations of the map.
        min_samples: neighbours that make a dense place, among the origin's 342,012 rows.
        scale: ``to-n`` scales ``min_samples`` to the number of rows, at least 4; ``verbatim`` does not.
        share: of the rows that DBSCAN sees, 0 to 1.
        voters: neighbours that label a row.
        smallest: fewest rows that make a group; the rows of a smaller one are in none.
        seed: of the half.
    """

    eps: Positive = 0.05
    min_samples: Count = 120
    scale: Literal["to-n", "verbatim"] = "to-n"
    share: Annotated[float, Bounds(above=0, most=1)] = 0.5
    voters: Count = 5
    smallest: Count = 10
    seed: Seed = 2463426724

    def __call__(self, layout: Layout, *, progress: Progress = silent) -> Clusters:
        from sklearn.cluster import DBSCAN
        from sklearn.neighbors import KNeighborsClassifier

        n = len(layout.layout)
        if n < _FEWEST_ROWS:
            raise RecipeError(
                f"too few pictures: {n}; DBSCAN on a map needs at least {_FEWEST_ROWS}"
            )
        spread = np.maximum(layout.layout.std(axis=0, dtype=np.float64), 1e-12)
        place = (layout.layout - layout.layout.mean(axis=0, dtype=np.float64)) / spread
        seen = np.random.RandomState(self.seed).random_sample(n) < self.share  # as the origin drew
        samples = self._samples(n)
        found = DBSCAN(eps=self.eps, min_samples=samples).fit_predict(place[seen])
        progress("groups", 1, 2)
        voters = min(self.voters, len(found))
        labels = KNeighborsClassifier(voters).fit(place[seen], found).predict(place)
        progress("groups", 2, 2)
        return Clusters(_by_size(labels, self.smallest), samples)

    def _samples(self, rows: int) -> int:
        match self.scale:
            case "verbatim":
                return self.min_samples
            case "to-n":
                return max(round(self.min_samples * rows / ORIGIN_ROWS), _FEWEST_SAMPLES)
            case other:
                raise RecipeError(f"no scale named {other!r}; there is 'to-n', 'verbatim'")


def _by_size(labels: NDArray[np.int64], smallest: int) -> NDArray[np.int64]:
    """Number the groups by size, the largest 0; −1 stays −1, and so do groups that are too small."""
    names, sizes = np.unique(labels[labels >= 0], return_counts=True)
    names, sizes = names[sizes >= smallest], sizes[sizes >= smallest]
    number = np.full(max(int(labels.max()), 0) + 2, -1, np.int64)  # the last one is for label −1
    if len(names) > 1:
        number[names[np.argsort(-sizes, kind="stable")]] = np.arange(len(names))
    return number[labels]
