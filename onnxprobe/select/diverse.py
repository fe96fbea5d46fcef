"""A few that stand for all: no picture is far from all of them."""

import numpy as np
from numpy.typing import NDArray

from onnxprobe.directions import Vectors
from onnxprobe.progress import Progress, silent
from onnxprobe.select._base import Chosen, Pool, Rows, Wanted, Way


def centres(
    z: Vectors, count: int, *, progress: Progress = silent
) -> tuple[Rows, NDArray[np.float64]]:
    """Return ``count`` rows of ``z`` ``(n, d)``, and how far each was from those before it.

    The greedy k-centre method (Gonzalez 1985; for training sets Sener & Savarese 2018,
    arXiv:1708.00489): always the row that is farthest from all that were chosen. No row is farther
    from the chosen than twice what the best choice of as many could do. The first is the one
    nearest to the mean.
    """
    count = min(count, len(z))
    chosen, radius = np.zeros(count, np.int64), np.full(count, np.nan)
    squares = np.einsum("ij,ij->i", z, z, dtype=np.float64)
    mean = z.mean(axis=0, dtype=np.float64).astype(np.float32)
    nearest = np.full(len(z), np.inf)
    at = int((squares - 2 * (z @ mean)).argmin())
    for step in range(count):
        if step:
            at = int(nearest.argmax())
            radius[step] = np.sqrt(max(nearest[at], 0.0))
        chosen[step] = at
        nearest = np.minimum(nearest, squares + squares[at] - 2 * (z @ z[at]).astype(np.float64))
        nearest[at] = -1.0
        progress("choosing", step + 1, count)
    return chosen, radius


def _choose(pool: Pool, wanted: Wanted) -> Chosen:
    count = wanted.needed("diverse")
    return Chosen(*centres(pool.vectors, count, progress=pool.progress))


DIVERSE = Way(
    "diverse",
    "those that stand for all (k-centre); the score is how far a picture was from those before it",
    _choose,
)
