import numpy as np
import pytest

from onnxprobe.errors import RecipeError
from recipes.groups.knn_dbscan import KnnDbscan
from recipes.maps.tsne import Layout


def islands(sizes=(300, 120, 60), spread=0.02, strays=20, seed=0):
    rng = np.random.default_rng(seed)
    centre = np.array([[0, 0], [3, 0], [0, 3], [3, 3]], float)
    places = [c + spread * rng.normal(size=(s, 2)) for c, s in zip(centre, sizes, strict=False)]
    places.append(rng.uniform(-1, 4, size=(strays, 2)))
    label = np.repeat([*range(len(sizes)), -1], [*sizes, strays])
    return Layout(np.vstack(places).astype(np.float32)), label


def test_islands_are_groups_the_largest_first():
    layout, label = islands()
    found = KnnDbscan()(layout)
    assert (found.labels[label >= 0] == label[label >= 0]).all()
    assert -1 in found.labels[label < 0]  # those that noise has voted for; others join an island


def test_columns_say_the_same_as_labels():
    found = KnnDbscan()(islands()[0])
    assert found.member.shape == (500, 3)
    assert (found.member.sum(axis=1) == (found.labels >= 0)).all()


def test_the_density_follows_the_number_of_rows_or_is_taken_as_given():
    layout, _ = islands()
    assert KnnDbscan()(layout).min_samples == 4
    assert KnnDbscan(min_samples=10_000)(layout).min_samples == round(10_000 * 500 / 342_012)
    assert KnnDbscan(scale="verbatim")(layout).min_samples == 120
    assert KnnDbscan(min_samples=342_012)(layout).min_samples == 500


def test_groups_that_are_too_small_are_none():
    found = KnnDbscan(smallest=100)(islands()[0])
    assert set(found.labels) == {-1, 0, 1}


def test_a_single_group_is_none():
    found = KnnDbscan()(islands((300,), strays=0)[0])
    assert set(found.labels) == {-1}
    assert found.member.shape == (300, 0)


def test_the_same_seed_gives_the_same_groups():
    layout, _ = islands(spread=0.3)
    assert (KnnDbscan()(layout).labels == KnnDbscan()(layout).labels).all()


@pytest.mark.parametrize(
    ("step", "rows", "message"),
    [
        (KnnDbscan(), 19, "too few pictures: 19; DBSCAN on a map needs at least 20"),
        (KnnDbscan(scale="auto"), 30, "no scale named 'auto'; there is 'to-n', 'verbatim'"),
    ],
)
def test_what_cannot_be_grouped_is_said(step, rows, message):
    with pytest.raises(RecipeError) as caught:
        step(Layout(np.zeros((rows, 2), np.float32)))
    assert str(caught.value) == message
