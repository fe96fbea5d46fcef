"""What an engine that clusters by HDBSCAN is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recipes.engine import Engine

Points = NDArray[np.float64]
Labels = NDArray[np.int64]
MOST_SAMPLES: Final = 20
"""Neighbours that make a dense place, at most; fewer where clusters may be smaller."""


@dataclass(frozen=True, slots=True)
class DensityEngine(Engine):
    """An engine that clusters by HDBSCAN.

    Attributes:
        labels: from points ``(n, m)``, fewest rows of a cluster, and ``eom`` or ``leaf`` to the
            cluster of each, ``(n,)``; −1 for none.
    """

    labels: Callable[[Points, int, str], Labels]
