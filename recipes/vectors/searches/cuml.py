"""cuML on an NVIDIA GPU: every pair of rows is compared."""

from typing import Final

import numpy as np

from recipes.cuml import NEEDS, TINY
from recipes.vectors.searches._base import FULL, Ask, Effort, Rows, SearchEngine, Vectors


def _over(x: Vectors) -> Ask:
    from cuml.neighbors import NearestNeighbors

    found = NearestNeighbors(algorithm="brute", metric="euclidean", output_type="numpy").fit(x)

    def ask(queries: Vectors, count: int, _effort: Effort) -> tuple[Vectors, Rows]:
        far, rows = found.kneighbors(queries, n_neighbors=count)
        return np.asarray(far, np.float32), np.asarray(rows, np.int64)

    return ask


CUML: Final = SearchEngine("cuml", NEEDS, lambda: _over(TINY)(TINY, 2, FULL), _over)
