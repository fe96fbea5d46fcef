"""t-SNE-CUDA (Chan et al. 2018), which looks for neighbours itself and does not keep to a seed."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.progress import Progress
from recipes.maps.layouts._base import EXAGGERATED, LayoutEngine, Task

_NEEDS: Final = (
    "an NVIDIA GPU and tsnecuda 3 or newer, built for it (the one on PyPI wants CUDA 10.2)"
)


def _place(task: Task, progress: Progress) -> NDArray[np.float32]:
    progress("map", 0, 1)
    optimiser = _optimiser(
        perplexity=task.perplexity,
        num_neighbors=task.near.shape[1],
        learning_rate=task.rate,
        n_iter=task.iterations,
        force_magnify_iters=min(EXAGGERATED, task.iterations),
    )
    points = np.ascontiguousarray(task.points(), np.float32)
    placed = optimiser.fit_transform(points, np.asfortranarray(task.start, np.float32))
    progress("map", 1, 1)
    return np.ascontiguousarray(placed, np.float32)


def _optimiser(**settings: Any) -> Any:
    from tsnecuda import TSNE

    return TSNE(n_components=2, **settings)


TSNECUDA: Final = LayoutEngine("tsnecuda", _NEEDS, _optimiser, _place)
