"""scikit-learn's HDBSCAN, on one core."""

from typing import Final

import numpy as np

from recipes.engine import nothing_to_try
from recipes.groups.densities._base import MOST_SAMPLES, DensityEngine, Labels, Points


def _labels(points: Points, smallest: int, selection: str) -> Labels:
    from sklearn.cluster import HDBSCAN

    method = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=min(smallest, MOST_SAMPLES),
        cluster_selection_method=selection,
        copy=True,
    )
    return np.asarray(method.fit_predict(points), np.int64)


SKLEARN: Final = DensityEngine("sklearn", "scikit-learn", nothing_to_try, _labels)
