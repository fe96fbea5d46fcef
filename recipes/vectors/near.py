"""Who is near whom, in every view: looked for once, for the groups and for the map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import RecipeError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.forecast import Cost
from recipes.vectors.neighbours import Index, Rows, unit
from recipes.vectors.sampling import chunks, drawn
from recipes.vectors.searches import FAISS, SEARCHES
from recipes.vectors.searches.faiss import EXACT_UP_TO
from recipes.vectors.whitening import Vectors, half_whitening

Space = Literal["half-whitened", "as is"]
Move = Callable[[Vectors], Vectors]
VOTERS: Final = 15
"""Drawn rows that a row asks which has not been drawn."""
USUAL: Final = 90
"""Neighbours that a map of perplexity 30 wants. Other settings of the map change nothing for the groups."""
_PAIR: Final = 8e-11
"""Seconds to compare two rows, for each number that they have."""
_ASKED: Final = 8e-7
"""Seconds for a row to ask the drawn ones, for each number that it has."""


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """The neighbours of n rows in V views; m of them, the drawn ones, know each other.

    Attributes:
        drawn: ``(m,)`` int64, numbers of the drawn rows, ascending; all rows where m is n.
        views: V names; views in which all rows are the same are left out.
        rows: ``(V, m, k)`` int32, places among the drawn of those nearest to each, best first.
        far: ``(m, k)`` float32, how far those are in the first view.
        others: ``(V, n − m, 15)`` int32, the same for rows that are not drawn, in their order.
        by: what has found them.
    """

    drawn: Rows
    views: tuple[str, ...]
    rows: NDArray[np.int32]
    far: Vectors
    others: NDArray[np.int32]
    by: str

    @property
    def total(self) -> int:
        """How many rows there are, drawn or not."""
        return len(self.drawn) + int(self.others.shape[1])

    @property
    def rest(self) -> NDArray[np.bool_]:
        """``(n,)``: rows that are not drawn."""
        rest = np.ones(self.total, bool)
        rest[self.drawn] = False
        return rest

    def spread(self, view: str, member: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return ``(n, K)`` from ``(m, K)``: a row that is not drawn is where most that it asks are."""
        whole = np.zeros((self.total, member.shape[1]), bool)
        whole[self.drawn] = member
        others = self.others[self.views.index(view)]
        rest = np.flatnonzero(self.rest)
        for column, own in enumerate(member.T):  # one at a time: (n, 15, K) would be too much
            whole[rest, column] = 2 * np.count_nonzero(own[others], axis=1) > others.shape[1]
        return whole


@dataclass(frozen=True)
class Search:
    """Find the nearest rows of each row in each view; half-whitened, near means by cosine.

    Of more rows than ``rows`` so many are drawn and look for each other; every other one looks
    among these. So the work for groups and maps has a limit, and only a look at the drawn rows is
    added for each row more.

    Attributes:
        rows: that look for each other, at most.
        count: how many each finds.
        space: ``half-whitened`` (by cosine) or ``as is`` (Euclidean).
        components: principal components kept when half-whitening, at most.
        seed: of the draw.
        engine: that looks for them (see ``SEARCHES``); all are taken to find the same.
    """

    rows: int = 100_000
    count: int = USUAL
    space: Space = "half-whitened"
    components: int = 256
    seed: int = 0
    engine: str = FAISS.name

    def __call__(self, views: Mapping[str, Vectors], *, progress: Progress = silent) -> Near:
        total = agreed(views)
        own = drawn(total, self.rows, seed=self.seed)
        rest = np.setdiff1d(np.arange(total), own, assume_unique=True)
        count = min(self.count, len(own) - 1)
        names: list[str] = []
        rows: list[NDArray[np.int32]] = []
        others: list[NDArray[np.int32]] = []
        far = np.zeros((len(own), count), np.float32)
        for number, (name, x) in enumerate(views.items()):
            progress("neighbours", number, len(views))
            sample = x[own] if len(rest) else x
            move = self._move(sample)
            if move is None:
                continue
            index = Index(move(sample), SEARCHES[self.engine])
            near, distance = index.themselves(count)
            if not names:
                far = distance
            names.append(name)
            rows.append(near.astype(np.int32))
            others.append(_asked(index, move, x, rest, min(VOTERS, len(own))))
        progress("neighbours", len(views), len(views))
        return Near(
            own,
            tuple(names),
            np.stack(rows) if rows else np.zeros((0, len(own), count), np.int32),
            far,
            np.stack(others) if others else np.zeros((0, len(rest), 1), np.int32),
            self.name,
        )

    def cost(self, rows: int, widths: tuple[int, ...]) -> Cost:
        """Return what it takes (see ``onnxprobe.recipe.forecast``)."""
        own, numbers = min(rows, self.rows), sum(min(width, self.components) for width in widths)
        searched = own if own <= EXACT_UP_TO else 0.5 * own
        seconds = _PAIR * own * searched * numbers + _ASKED * (rows - own) * numbers
        # vectors of the drawn rows in float64 while they are standardised, and what is kept
        height = 45 * own * max(widths) + 4 * rows * len(widths) * VOTERS
        return Cost(seconds, height + 4 * own * len(widths) * self.count)

    @property
    def name(self) -> str:
        """All that neighbours depend on, but how many there are and who looks for them."""
        return repr(replace(self, count=0, engine=""))

    def _move(self, x: Vectors) -> Move | None:
        """Return what moves vectors to where Euclidean distance is meant; null: all are the same."""
        match self.space:
            case "half-whitened":
                whitening = half_whitening(x, self.components, seed=self.seed)
                return (lambda y: unit(whitening(y))) if whitening.transform.size else None
            case "as is":
                return (lambda y: y) if np.ptp(x, axis=0).any() else None
            case other:
                raise RecipeError(
                    f"no space named {other!r} for a map; there is 'half-whitened', 'as is'"
                )

    def points(self, x: Vectors) -> Vectors:
        """Return the drawn rows of ``x`` where Euclidean distance is what near means."""
        own = x[drawn(len(x), self.rows, seed=self.seed)]
        move = self._move(own)
        return own if move is None else move(own)

    def has(self, near: Near, view: str) -> bool:
        """Tell whether ``near`` begins with what this search would find in ``view``."""
        return (
            near.by == self.name
            and near.views[:1] == (view,)
            and near.rows.shape[2] >= min(self.count, len(near.drawn) - 1)
        )


def agreed(views: Mapping[str, Vectors]) -> int:
    """Return n, the rows that all views have.

    Raises:
        RecipeError: no views, different lengths, or a value that is not finite.
    """
    if not views:
        raise RecipeError("finding groups needs at least one view of the pictures; there is none")
    lengths = {name: len(x) for name, x in views.items()}
    n = min(lengths.values())
    if n != max(lengths.values()):
        raise RecipeError(f"the views must describe the same pictures, but have {lengths} rows")
    for name, x in views.items():
        if not np.isfinite(x).all():
            row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
            raise RecipeError(f"view {name!r} has a value that is not finite in row {row}")
    return n


def _asked(index: Index, move: Move, x: Vectors, rest: Rows, count: int) -> NDArray[np.int32]:
    """Return ``(n − m, count)``: what the ``rest`` of the rows of ``x`` find in ``index``."""
    found = np.zeros((len(rest), count), np.int32)
    for own in chunks(len(rest)):
        found[own] = index.of(move(x[rest[own]]), count)
    return found
