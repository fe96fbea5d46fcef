import numpy as np
import pytest
from blobs import crowd, planted

from onnxprobe.errors import RecipeError
from recipes.groups.density import Hdbscan, Optics
from recipes.maps.tsne import Layout

RNG = np.random.default_rng(0)


def islands(n=600):
    """A map: three islands of different density, and a tenth of the pictures anywhere."""
    centre = np.array([(0, 0), (10, 0), (0, 10)])
    label = RNG.permutation(np.arange(n) % 3)
    place = centre[label] + RNG.normal(size=(n, 2)) * np.array([0.2, 0.5, 1.0])[label][:, None]
    lost = np.arange(n) < n // 10
    place[lost] = RNG.uniform(-8, 18, (lost.sum(), 2))
    return Layout(place.astype(np.float32)), np.where(lost, -1, label)


def f1(member, truth):
    return 2 * (member & truth).sum() / (member.sum() + truth.sum())


@pytest.mark.parametrize("step", [Hdbscan(), Optics(smallest=0.1), Hdbscan(rows=300)])
def test_islands_of_different_density_are_groups_and_what_lies_between_is_in_none(step):
    layout, label = islands()
    found = step({"v": crowd(600)}, layout)
    for island in range(3):
        assert max(f1(member, label == island) for member in found.member.T) > 0.85
    assert (~found.member[label == -1].any(axis=1)).mean() > 0.5
    assert found.view == ("v",) * found.member.shape[1]
    assert (found.member.sum(axis=1) <= 1).all()


def test_the_largest_comes_first():
    size = Hdbscan()({"v": crowd(600)}, islands()[0]).member.sum(axis=0)
    assert list(size) == sorted(size, reverse=True)


@pytest.mark.parametrize("step", [Hdbscan(space="embedding"), Optics(space="embedding")])
def test_the_embedding_itself_can_be_searched(step):
    x, label = planted((120, 90), step=6.0)
    found = step({"v": x}, Layout(np.zeros((600, 2), np.float32)))
    assert max(f1(member, label == 1) for member in found.member.T) > 0.8


@pytest.mark.parametrize("step", [Hdbscan(), Optics()])
def test_pictures_that_are_all_the_same_do_not_break_it(step):
    found = step({"v": crowd(100)}, Layout(np.zeros((100, 2), np.float32)))
    assert found.member.shape[0] == 100


def test_too_few_are_refused():
    with pytest.raises(RecipeError, match="too few pictures: 20"):
        Hdbscan()({"v": crowd(20)}, Layout(np.zeros((20, 2), np.float32)))


@pytest.mark.parametrize("kind", [Hdbscan, Optics])
def test_where_a_group_would_need_more_pictures_than_there_are_there_is_none(kind):
    found = kind(smallest=1000)({"v": crowd(60)}, Layout(islands(60)[0].layout))
    assert found.member.shape == (60, 0)


def test_a_dense_place_of_more_pictures_than_there_are_is_one_of_all_of_them():
    map_ = islands(60)[0]
    every, more = (Optics(neighbours=count)({"v": crowd(60)}, map_) for count in (60, 10**6))
    np.testing.assert_array_equal(every.member, more.member)
