import numpy as np
import pytest
from blobs import crowd, planted

from onnxprobe.recipe import kept
from recipes.groups.clustering import Communities
from recipes.vectors.near import Near, Search
from recipes.vectors.neighbours import Index, unit
from recipes.vectors.whitening import half_whitening


def f1(member, truth):
    return 2 * (member & truth).sum() / (member.sum() + truth.sum())


def test_all_rows_look_for_each_other_where_they_are_few():
    x, y = crowd(120, seed=1), crowd(120, 8, seed=2)
    near = Search(count=12)({"x": x, "y": y})
    for number, view in enumerate((x, y)):
        rows, far = Index(unit(half_whitening(view, 256, seed=0)(view))).themselves(12)
        assert (near.rows[number] == rows).all()
        if not number:
            assert (near.far == far).all()
    assert near.total == 120
    assert not near.rest.any()


def test_of_many_rows_some_are_drawn_and_the_others_look_among_them():
    x = crowd(300)
    near = Search(rows=200, count=10, space="as is")({"x": x})
    assert near.rows.shape == (1, 200, 10)
    assert near.others.shape == (1, 100, 15)
    assert near.total == 300
    far = np.linalg.norm(x[near.rest][:, None] - x[near.drawn][None], axis=2)
    assert (near.others[0] == np.argsort(far, axis=1, kind="stable")[:, :15]).all()


def test_a_row_that_is_not_drawn_is_where_most_that_it_asks_are():
    others = np.array([[[0, 1, 2], [2, 3, 3], [0, 3, 3]]], np.int32)
    near = Near(
        np.array([1, 3, 4, 6]), ("v",), np.zeros((1, 4, 0), np.int32), np.zeros((4, 0)), others, ""
    )
    member = np.array([[True], [True], [False], [False]])
    assert np.flatnonzero(near.spread("v", member)).tolist() == [0, 1, 3]
    assert (near.spread("v", member)[near.drawn] == member).all()


def test_groups_are_those_of_a_whole_search_where_only_some_rows_are_drawn():
    x, label = planted((150, 100), n=2000)
    whole, some = Communities()({"v": x}), Communities(rows=1200)({"v": x})
    assert some.member.shape == whole.member.shape == (2000, 2)
    for number in (1, 2):
        for found in (whole, some):
            assert max(f1(member, label == number) for member in found.member.T) > 0.95


def test_what_was_looked_for_before_is_not_looked_for_again():
    x, y = planted((40,), n=400)[0], np.ones((400, 2), np.float32)
    step = Communities()
    given = step.search(90)({"blank": y, "v": x})
    found, again = step({"blank": y, "v": x}, given), step({"blank": y, "v": x})
    assert given.views == ("v",)
    assert (found.member == again.member).all()
    assert (found.stability == again.stability).all()


@pytest.mark.parametrize(
    ("search", "has"),
    [
        (Search(count=9), True),
        (Search(count=30), True),
        (Search(count=31), False),
        (Search(count=9, space="as is"), False),
        (Search(count=9, components=2), False),
        (Search(count=9, rows=50), False),
        (Search(count=9, seed=1), False),
    ],
)
def test_a_search_knows_what_it_would_find(search, has):
    near = Search(count=30)({"v": crowd(80)})
    assert search.has(near, "v") is has
    assert not search.has(near, "w")


def test_it_can_be_kept(tmp_path):
    near = Search(rows=60)({"v": crowd(80), "w": crowd(80, 3)})
    kept.write(near, tmp_path / "near.npz")
    again = kept.read(Near, tmp_path / "near.npz")
    assert again.views == ("v", "w")
    assert (again.rows == near.rows).all()
    assert (again.others == near.others).all()
    assert again.by == near.by
