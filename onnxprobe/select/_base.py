"""What a way of choosing is, and what it chooses from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.directions import Vectors, directions, spread_of
from onnxprobe.errors import SelectionError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.edited import opened
from onnxprobe.recipe.editing import Domains
from onnxprobe.store import Store

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pool:
    """The pictures of a run that may be chosen.

    Attributes:
        run: its folder.
        domains: that it has.
        rows: which pictures may be chosen, ascending.
        view: where pictures are near each other; the pick's if empty.
        progress: told how far the work is.
    """

    run: Path
    domains: Domains = field(repr=False)
    rows: Rows = field(repr=False)
    view: str = ""
    progress: Progress = silent

    @cached_property
    def store(self) -> Store:
        """The embeddings."""
        return opened(self.run, sum(self.domains.folder.run["counts"].values()))

    @property
    def probe(self) -> str:
        """Name of the view in which pictures are compared."""
        return self.view or str(self.domains.folder.run["probes"][0])

    @cached_property
    def scale(self) -> tuple[Vectors, Vectors]:
        """Mean and spread of every channel over all pictures of the run."""
        return spread_of(self.store.embeddings(self.probe))

    def directions(self, x: Vectors) -> Vectors:
        """Return what ``x`` ``(m, d)`` is compared by (see ``onnxprobe.directions``)."""
        return directions(x, *self.scale)

    @cached_property
    def vectors(self) -> Vectors:
        """Directions of ``rows``, ``(len(rows), d)``."""
        return self.directions(self.store.embeddings(self.probe)[self.rows])

    @cached_property
    def scores(self) -> Vectors:
        """What the head says of ``rows``, ``(len(rows), K)``.

        Raises:
            SelectionError: the run has no head.
        """
        head = self.run / "head.onnx"
        if not head.is_file():
            raise SelectionError(
                f"{str(self.run)!r} has no head, so nothing says how sure one is of a picture"
            )
        session = runtime.Session(head)
        views = [self.store.embeddings(p)[self.rows] for p in self.domains.folder.run["probes"]]
        feeds = dict(zip((value.name for value in session.inputs), views, strict=True))
        name = session.outputs[0].name
        return np.asarray(session.run(feeds, [name])[name], np.float32)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for.

    Attributes:
        count: pictures, at most; all that a way can order if left out.
        seed: of what is drawn.
        like: a picture: its name in the run, or a file.
    """

    count: int | None = None
    seed: int = 0
    like: str | None = None

    def needed(self, way: str) -> int:
        """Return the count.

        Raises:
            SelectionError: none was said.
        """
        if self.count is None:
            raise SelectionError(f"{way!r} needs --count: how many pictures to choose")
        return self.count


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Pictures in the order in which they were chosen.

    Attributes:
        places: of each among the rows of the pool.
        score: of each, as the way explains it; NaN where it has none.
    """

    places: Rows
    score: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Way:
    """A way of choosing.

    Attributes:
        name: the word for it.
        about: what it chooses, and what its score is.
        choose: chooses; raises ``SelectionError``.
    """

    name: str
    about: str
    choose: Callable[[Pool, Wanted], Chosen]


def unscored(places: Rows) -> Chosen:
    """Return ``places`` without scores."""
    return Chosen(places, np.full(len(places), np.nan))
