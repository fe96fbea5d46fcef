"""faiss: exact up to 50,000 rows, above by product codes (Jégou et al. 2011; André et al. 2015)."""

from typing import Any, Final

import numpy as np

from recipes.engine import nothing_to_try
from recipes.vectors.searches._base import Ask, Effort, Rows, SearchEngine, Vectors

EXACT_UP_TO: Final = 50_000
"""Rows; above, lists of codes are searched, which finds about 9 of 10 of the same neighbours."""
_TAUGHT: Final = 30_000
"""Rows that the codes are made from, at most."""


def _over(x: Vectors) -> Ask:
    points = _even(x)
    index, codes = _index(points)
    index.add(points)

    def ask(queries: Vectors, count: int, effort: Effort) -> tuple[Vectors, Rows]:
        if codes is not None:
            least = 2 * count * codes.nlist // len(points)
            codes.nprobe = max(round(effort.searched * codes.nlist), least, 1)
            index.k_factor = max(effort.candidates / count, 4.0)
        squared, found = index.search(_even(queries), count)
        return np.sqrt(np.maximum(squared, 0)), found

    return ask


def _index(points: Vectors) -> tuple[Any, Any]:
    """Return an empty index, and the codes in it, of which it keeps no hold; null where it is exact."""
    import faiss

    n, d = points.shape
    flat = faiss.IndexFlatL2(d)
    if n <= EXACT_UP_TO:
        return flat, None
    lists = int(3 * np.sqrt(n))
    codes = faiss.IndexIVFPQFastScan(flat, d, lists, d // 2, 4)
    codes.by_residual = False  # one table of distances a row, not one for each list
    codes.cp.min_points_per_centroid = 1
    codes.train(np.ascontiguousarray(points[:: max(n // _TAUGHT, 1)]))
    return faiss.IndexRefineFlat(codes), codes


def _even(x: Vectors) -> Vectors:
    """Return ``x`` ``(n, m)`` with an even number of columns, which pairs of four-bit codes want."""
    return np.ascontiguousarray(np.pad(x, ((0, 0), (0, x.shape[1] % 2))), np.float32)


FAISS: Final = SearchEngine("faiss", "faiss-cpu", nothing_to_try, _over)
