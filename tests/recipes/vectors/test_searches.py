"""Engines by name; those for GPUs are called as their libraries are documented."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from blobs import crowd, planted

from onnxprobe.errors import DeviceError, NoSuchNameError
from recipes.groups import densities
from recipes.groups.clustering import Communities
from recipes.groups.density import Hdbscan
from recipes.maps import layouts
from recipes.maps.tsne import TSNE
from recipes.vectors import searches
from recipes.vectors.neighbours import Index

PACKAGES = {
    searches: searches.SEARCHES,
    layouts: layouts.LAYOUTS,
    densities: densities.DENSITIES,
}
GPU = [
    (Communities(engine="cuml"), "clustering.engine 'cuml'", "faiss"),
    (TSNE(engine="cuml"), "tsne.engine 'cuml'", "opentsne"),
    (TSNE(engine="tsnecuda"), "tsne.engine 'tsnecuda'", "opentsne"),
    (Hdbscan(engine="cuml-hdbscan"), "clustering.engine 'cuml-hdbscan'", "sklearn"),
]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_file_is_registered(package):
    files = {path.stem for path in Path(package.__file__).parent.glob("[!_]*.py")}
    assert files == {name.partition("-")[0] for name in PACKAGES[package]}


@pytest.mark.skipif(bool(find_spec("cuml") or find_spec("tsnecuda")), reason="they are here")
@pytest.mark.parametrize(("step", "asked", "usual"), GPU)
def test_what_cannot_run_here_is_said_in_one_line_at_the_door(step, asked, usual):
    with pytest.raises(DeviceError) as caught:
        step.check()
    said = str(caught.value)
    assert said.startswith(f"{asked} cannot run here (ModuleNotFoundError: No module named ")
    assert "it needs an NVIDIA GPU" in said
    assert said.endswith(f"; {usual!r} runs on any CPU")
    assert "\n" not in said


@pytest.mark.parametrize("step", [Communities(), TSNE(), Hdbscan()])
def test_the_usual_engines_ask_for_nothing(step):
    step.check()


@pytest.mark.parametrize(("step", "usual"), [(step, usual) for step, _, usual in GPU])
def test_an_engine_that_nobody_knows_is_named_with_those_there_are(step, usual):
    with pytest.raises(NoSuchNameError, match=f"'warp'.*{usual}"):
        type(step)(engine="warp").check()


def documented(settings, names):
    """Refuse settings that the library's documentation does not have."""
    assert set(settings) <= set(names.split())


class NearestNeighbors:
    """cuML 26.10, done slowly."""

    def __init__(self, **settings):
        documented(settings, "n_neighbors radius algorithm metric p algo_params output_type")
        assert settings["algorithm"] in {"auto", "rbc", "brute", "ivfflat", "ivfpq"}

    def fit(self, x):
        self.x = x
        return self

    def kneighbors(self, x=None, n_neighbors=None):
        far = np.linalg.norm(x[:, None] - self.x[None], axis=2)
        rows = np.argsort(far, axis=1, kind="stable")[:, :n_neighbors]
        return np.take_along_axis(far, rows, axis=1), rows


class CumlTSNE:
    """cuML 26.10, no map at all."""

    def __init__(self, **settings):
        documented(
            settings,
            "n_components perplexity early_exaggeration learning_rate max_iter init random_state method "
            "n_neighbors exaggeration_iter learning_rate_method precomputed_knn output_type",
        )
        assert settings["init"] in {"random", "pca"}
        assert settings["learning_rate_method"] in {"adaptive", "none"}
        assert settings["exaggeration_iter"] <= settings["max_iter"]
        self.near = settings["precomputed_knn"]

    def fit_transform(self, x):
        rows, far = self.near
        assert rows.shape == far.shape == (len(x), rows.shape[1])
        assert (rows.dtype, far.dtype) == (np.int64, np.float32)
        return x[:, :2]


class HDBSCAN:
    """cuML 26.10, halves the plane."""

    def __init__(self, **settings):
        documented(
            settings, "min_cluster_size min_samples cluster_selection_method metric output_type"
        )
        assert settings["cluster_selection_method"] in {"eom", "leaf"}

    def fit_predict(self, x):
        assert x.dtype == np.float32
        return (x[:, 0] > 0).astype(np.int32)


class CudaTSNE:
    """The arguments of tsnecuda 3, from its source, no map at all."""

    def __init__(self, **settings):
        documented(
            settings,
            "n_components perplexity early_exaggeration learning_rate num_neighbors "
            "force_magnify_iters n_iter init random_seed device",
        )

    def fit_transform(self, x, y=None):
        assert x.flags.c_contiguous
        assert y.flags.f_contiguous
        assert (x.dtype, y.dtype) == (np.float32, np.float32)
        return np.asfortranarray(x[:, :2])


@pytest.fixture
def libraries(monkeypatch):
    for name, things in {
        "cuml": {},
        "cuml.neighbors": {"NearestNeighbors": NearestNeighbors},
        "cuml.manifold": {"TSNE": CumlTSNE},
        "cuml.cluster": {},
        "cuml.cluster.hdbscan": {"HDBSCAN": HDBSCAN},
        "tsnecuda": {"TSNE": CudaTSNE},
    }.items():
        module = ModuleType(name)
        vars(module).update(things)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("libraries")
def test_cuml_finds_the_neighbours_that_faiss_finds():
    x = crowd(150, 6)
    near, far = Index(x).themselves(8)
    again, distance = Index(x, searches.SEARCHES["cuml"]).themselves(8)
    assert (near == again).all()
    np.testing.assert_allclose(far, distance, rtol=1e-3)  # faiss squares in float32
    assert (Index(x).of(x[:9], 3) == Index(x, searches.SEARCHES["cuml"]).of(x[:9], 3)).all()


@pytest.mark.usefixtures("libraries")
def test_groups_do_not_depend_on_who_looks_for_neighbours():
    x, _ = planted((40, 25))
    usual, other = Communities()({"v": x}), Communities(engine="cuml")({"v": x})
    assert (usual.member == other.member).all()


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("engine", ["cuml", "tsnecuda"])
def test_a_map_of_drawn_rows_is_asked_for_as_documented(engine):
    x, told = crowd(120), []
    step = TSNE(engine=engine, rows=90)
    layout = step({"v": x}, progress=lambda *said: told.append(said)).layout
    assert layout.shape == (120, 2)
    assert layout.dtype == np.float32
    assert told[-1] == ("map", 1, 1)


@pytest.mark.usefixtures("libraries")
def test_hdbscan_is_asked_for_as_documented():
    points = np.random.default_rng(0).normal(size=(80, 2))
    labels = Hdbscan(engine="cuml-hdbscan").clustered(points, 12)
    assert labels.dtype == np.int64
    assert (labels == (points[:, 0] > 0)).all()
