"""What an engine that makes maps is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.progress import Progress
from recipes.engine import Engine

Vectors = NDArray[np.float32]
EXAGGERATED: Final = 250
"""Iterations of early exaggeration (van der Maaten & Hinton 2008)."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A map that is to be made by t-SNE, of m rows.

    Attributes:
        points: gives the rows, ``(m, d)``, near each other by Euclidean distance.
        near: ``(m, k)`` int64, the rows nearest to each.
        far: ``(m, k)``, how far those are.
        start: ``(m, 2)`` where the rows are before the first iteration.
        perplexity: how many neighbours each attends to, about.
        iterations: 250 of them with early exaggeration.
        learning_rate: of the optimiser; null for one that fits the number of rows.
        seed: of whatever is drawn.
    """

    points: Callable[[], Vectors]
    near: NDArray[np.int64]
    far: Vectors
    start: NDArray[np.float64]
    perplexity: float
    iterations: int
    learning_rate: float | None
    seed: int

    @property
    def rate(self) -> float:
        """The learning rate for an engine that cannot change it: n / 12 (Belkina et al. 2019)."""
        return self.learning_rate or max(len(self.near) / 12, 50.0)


@dataclass(frozen=True, slots=True)
class LayoutEngine(Engine):
    """An engine that makes maps.

    Attributes:
        place: from a task to a place for each row, ``(m, 2)``.
    """

    place: Callable[[Task, Progress], NDArray[np.float32]]
