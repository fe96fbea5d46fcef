"""What an engine that looks for neighbours is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recipes.engine import Engine

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard an approximate search tries.

    Attributes:
        searched: part of the rows that is looked at, 0 to 1.
        candidates: rows that look nearest, of which the nearest are chosen by their true distance.
    """

    searched: float
    candidates: int


FULL: Final = Effort(0.2, 400)
"""For the neighbours that make a graph."""
LIGHT: Final = Effort(0.06, 100)
"""For rows that only ask what is around them."""

Ask = Callable[[Vectors, int, Effort], tuple[Vectors, Rows]]
"""From ``(q, m)`` rows, a count and an effort to how far the nearest are, ``(q, count)``, and their
numbers, best first; −1 where fewer were found."""


@dataclass(frozen=True, slots=True)
class SearchEngine(Engine):
    """An engine that looks for neighbours by Euclidean distance.

    Attributes:
        over: from the rows ``(n, m)`` to what can be asked for the nearest of them.
    """

    over: Callable[[Vectors], Ask]
