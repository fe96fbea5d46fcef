"""All of them, as they come."""

import numpy as np

from onnxprobe.select._base import Chosen, Pool, Wanted, Way, unscored


def _choose(pool: Pool, wanted: Wanted) -> Chosen:
    return unscored(np.arange(len(pool.rows))[: wanted.count])


ALL = Way("all", "all pictures, in the order of the run, which is random; no score", _choose)
