"""cuML's t-SNE on an NVIDIA GPU, with our neighbours; two runs with one seed differ a little."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.progress import Progress
from recipes.cuml import NEEDS, TINY
from recipes.maps.layouts._base import EXAGGERATED, LayoutEngine, Task


def _place(task: Task, progress: Progress) -> NDArray[np.float32]:
    progress("map", 0, 1)
    optimiser = _optimiser(
        perplexity=task.perplexity,
        n_neighbors=task.near.shape[1],
        precomputed_knn=(task.near, np.asarray(task.far, np.float32)),
        learning_rate=task.rate,
        max_iter=task.iterations,
        exaggeration_iter=min(EXAGGERATED, task.iterations),
        random_state=task.seed,
    )
    placed = np.asarray(optimiser.fit_transform(task.points()), np.float32)
    progress("map", 1, 1)
    return placed


def _optimiser(**settings: Any) -> Any:
    from cuml.manifold import TSNE

    # "adaptive" would choose learning rate, perplexity and neighbours itself
    return TSNE(
        n_components=2,
        method="fft",
        init="pca",
        learning_rate_method="none",
        output_type="numpy",
        **settings,
    )


def _tiny() -> object:
    return _optimiser(perplexity=3.0, n_neighbors=9, max_iter=250).fit_transform(TINY)


CUML: Final = LayoutEngine("cuml", NEEDS, _tiny, _place)
