"""openTSNE (Poličar et al. 2019), on all cores."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.progress import Progress
from recipes.engine import nothing_to_try
from recipes.maps.layouts._base import EXAGGERATED, LayoutEngine, Task

_EVERY: Final = 25


def _place(task: Task, progress: Progress) -> NDArray[np.float32]:
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    known = PrecomputedNeighbors(task.near, task.far)
    affinities = PerplexityBasedNN(perplexity=task.perplexity, knn_index=known, n_jobs=-1)
    optimiser = TSNE(
        n_iter=max(task.iterations - EXAGGERATED, 0),
        early_exaggeration_iter=min(EXAGGERATED, task.iterations),
        learning_rate="auto" if task.learning_rate is None else task.learning_rate,
        random_state=task.seed,
        n_jobs=-1,
        callbacks=_told(progress, task.iterations),
        callbacks_every_iters=_EVERY,
    )
    return np.asarray(optimiser.fit(affinities=affinities, initialization=task.start), np.float32)


def _told(progress: Progress, total: int) -> Callable[[int, float, object], None]:
    done = 0

    def tell(_iteration: int, _error: float, _places: object) -> None:
        nonlocal done
        done = min(done + _EVERY, total)
        progress("map", done, total)

    return tell


OPENTSNE: Final = LayoutEngine("opentsne", "openTSNE", nothing_to_try, _place)
