"""A map of the pictures: t-SNE of the first view, which shows what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.forecast import Cost
from onnxprobe.recipe.kinds import Bounds, Count, Positive, Seed
from recipes.engine import require
from recipes.maps.layouts import LAYOUTS, OPENTSNE, Task
from recipes.vectors.near import Near, Search, Space
from recipes.vectors.whitening import Vectors, half_whitening

_ITERATION: Final = 0.03
_PLACE: Final = 4e-8
"""Seconds of an iteration: the first, and the second for each row and neighbour."""
_FEWEST: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A place for every picture.

    Attributes:
        layout: ``(n, 2)`` float32.
    """

    layout: NDArray[np.float32]


@dataclass(frozen=True)
class TSNE:
    """Lay the pictures out on a map (van der Maaten & Hinton 2008), started from the principal components.

    Without a learning rate it is n / 12, then n (Belkina et al. 2019; Kobak & Berens 2019).

    Attributes:
        perplexity: how many neighbours each picture attends to, about; at most a third of the others.
        neighbours: how many each picture is compared with; null for three times the perplexity.
        iterations: of the optimiser, 250 of them with early exaggeration.
        learning_rate: of the optimiser; null for one that fits the number of pictures.
        space: where neighbours are near: ``half-whitened`` (by cosine) or ``as is`` (Euclidean).
        components: principal components kept when half-whitening, at most.
        rows: that are laid out, at most; of more so many are drawn, and the others placed amid
            those that are nearest to them.
        seed: the same gives the same map.
        engine: ``opentsne``, or ``cuml`` or ``tsnecuda`` on an NVIDIA GPU, whose maps differ a little
            from run to run.
    """

    perplexity: Annotated[float, Bounds(least=1)] = 30.0
    neighbours: Count | None = None
    iterations: Count = 750
    learning_rate: Positive | None = None
    space: Space = "half-whitened"
    components: Count = 256
    rows: Annotated[int, Bounds(least=_FEWEST)] = 100_000
    seed: Seed = 0
    engine: str = OPENTSNE.name

    def check(self) -> None:
        """Look whether the engine is there.

        Raises:
            NoSuchNameError: nobody knows it.
            DeviceError: it cannot work here.
        """
        require(LAYOUTS[self.engine], "tsne.engine", OPENTSNE.name)

    @property
    def compared(self) -> int:
        """How many neighbours of each row the map wants."""
        return max(self.neighbours or int(np.ceil(3 * self.perplexity)), int(self.perplexity) + 2)

    def cost(self, rows: int, widths: tuple[int, ...]) -> Cost:
        """Return what it takes, neighbours that were found before not counted."""
        own = min(rows, self.rows)
        seconds = self.iterations * (_ITERATION + _PLACE * own * self.compared)
        return Cost(seconds, own * (60 * self.compared + 24 * widths[0]))

    def __call__(
        self, views: Mapping[str, Vectors], near: Near | None = None, *, progress: Progress = silent
    ) -> Layout:
        """Lay out the first of ``views``; ``near`` saves a search where it holds what is wanted."""
        name, x = next(iter(views.items()))
        if len(x) < _FEWEST:
            raise RecipeError(f"too few pictures: {len(x)}; a map needs at least {_FEWEST}")
        if not np.ptp(x, axis=0).any():  # the same vector in every row: one place for all
            return Layout(np.zeros((len(x), 2), np.float32))
        search = Search(self.rows, self.compared, self.space, self.components, self.seed)
        if near is None or not search.has(near, name):
            near = search({name: x})
        n = len(near.drawn)
        perplexity = min(self.perplexity, (n - 1) / 3)
        count = min(self.neighbours or int(np.ceil(3 * perplexity)), n - 1)
        wide = max(count, int(np.ceil(perplexity)) + 1)
        task = Task(
            points=lambda: search.points(x),
            near=near.rows[0, :, :wide].astype(np.int64),
            far=near.far[:, :wide],
            start=self._start(x[near.drawn]),
            perplexity=perplexity,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
            seed=self.seed,
        )
        return Layout(_with_the_rest(LAYOUTS[self.engine].place(task, progress), near))

    def _start(self, x: Vectors) -> NDArray[np.float64]:
        """Return the first two principal components, shrunk so that the optimiser can unfold them."""
        start = np.zeros((len(x), 2))
        first = half_whitening(x, 2, seed=self.seed)(x)
        start[:, : first.shape[1]] = first
        jitter = np.random.default_rng(self.seed).normal(0, 1e-2, start.shape)  # copies part
        return (start / max(float(start[:, 0].std()), 1e-12) + jitter) * 1e-4


def _with_the_rest(placed: NDArray[np.float32], near: Near) -> NDArray[np.float32]:
    """Return ``(n, 2)``: the drawn rows where they were ``placed``, the others amid their neighbours."""
    whole = np.empty((near.total, 2), np.float32)
    whole[near.drawn] = placed
    if near.others.shape[1]:
        whole[near.rest] = np.median(placed[near.others[0]], axis=1)
    return whole
