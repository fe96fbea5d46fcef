"""cuML's HDBSCAN on an NVIDIA GPU."""

from typing import Final

import numpy as np

from recipes.cuml import NEEDS, TINY
from recipes.groups.densities._base import MOST_SAMPLES, DensityEngine, Labels, Points


def _labels(points: Points, smallest: int, selection: str) -> Labels:
    from cuml.cluster.hdbscan import HDBSCAN

    method = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=min(smallest, MOST_SAMPLES),
        cluster_selection_method=selection,
        output_type="numpy",
    )
    return np.asarray(method.fit_predict(points.astype(np.float32)), np.int64)


def _tiny() -> object:
    return _labels(TINY.astype(np.float64), 5, "eom")


CUML: Final = DensityEngine("cuml-hdbscan", NEEDS, _tiny, _labels)
