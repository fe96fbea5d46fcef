"""The engines for GPUs against those for CPUs, where there is one."""

import numpy as np
import pytest
from blobs import crowd, planted
from sklearn.metrics import adjusted_rand_score

from onnxprobe.errors import DeviceError
from recipes.groups.density import Hdbscan
from recipes.maps.tsne import TSNE
from recipes.vectors.neighbours import Index
from recipes.vectors.searches import SEARCHES

pytestmark = pytest.mark.gpu


def there(step):
    """Skip where the engine cannot run."""
    try:
        step.check()
    except DeviceError as error:
        pytest.skip(str(error))
    return step


def test_neighbours_on_a_gpu_are_those_on_a_cpu():
    pytest.importorskip("cuml")
    x = crowd(5000, 64)
    near, far = Index(x).themselves(15)
    again, distance = Index(x, SEARCHES["cuml"]).themselves(15)
    np.testing.assert_allclose(far, distance, rtol=1e-3)  # float32 squares
    same = np.mean([len(set(a) & set(b)) / 15 for a, b in zip(near, again, strict=True)])
    assert same > 0.999  # but for ties


@pytest.mark.parametrize("engine", ["cuml", "tsnecuda"])
def test_groups_lie_together_on_a_map_made_by_a_gpu(engine):
    step = there(TSNE(engine=engine))
    x, label = planted((200,), n=3000)
    layout = step({"v": x}).layout
    near = np.linalg.norm(layout - np.median(layout[label == 1], axis=0), axis=1).argsort()[:200]
    assert (label[near] == 1).mean() > 0.9


def test_clusters_on_a_gpu_are_those_on_a_cpu():
    step = there(Hdbscan(engine="cuml-hdbscan"))
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(center, 0.3, (300, 2)) for center in (0, 4, 9)])
    ours, theirs = Hdbscan().clustered(points, 50), step.clustered(points, 50)
    assert adjusted_rand_score(ours, theirs) > 0.95  # ties of distances go either way
