import numpy as np
import pytest
from blobs import crowd, planted

from onnxprobe.errors import RecipeError
from recipes.maps.tsne import TSNE
from recipes.vectors.near import Search

QUICK = TSNE(iterations=50)


def test_groups_lie_together_on_the_map():
    x, label = planted((40,), n=200)
    layout = TSNE(iterations=300)({"v": x}).layout
    inside = layout[label == 1]
    near = np.linalg.norm(layout[:, None] - inside.mean(axis=0), axis=2)[:, 0].argsort()[:40]
    assert (label[near] == 1).mean() > 0.9


def test_the_same_seed_gives_the_same_map():
    x = crowd(200)
    assert (QUICK({"v": x}).layout == QUICK({"v": x}).layout).all()


@pytest.mark.parametrize(
    "x",
    [crowd(5), crowd(80, 1), np.repeat(crowd(6), 15, axis=0)],
    ids=["five rows", "one column", "copies"],
)
def test_odd_data_has_a_map_too(x):
    layout = QUICK({"v": x}).layout
    assert layout.shape == (len(x), 2)
    assert np.isfinite(layout).all()


def test_the_same_vector_in_every_row_is_one_place():
    assert not QUICK({"v": np.ones((30, 4), np.float32)}).layout.any()


def test_the_first_view_is_drawn():
    first, second = crowd(100, seed=1), crowd(100, seed=2)
    assert (QUICK({"a": first, "b": second}).layout == QUICK({"a": first}).layout).all()


def test_vectors_as_they_are_give_another_map():
    x = crowd(100) * np.float32(np.arange(1, 25))
    plain = TSNE(iterations=50, space="as is")({"v": x}).layout
    assert not np.allclose(plain, QUICK({"v": x}).layout)


def test_progress_reaches_its_end():
    told = []
    QUICK({"v": crowd(50)}, progress=lambda *said: told.append(said))
    assert told[-1] == ("map", 50, 50)


@pytest.mark.parametrize(
    ("step", "rows", "message"),
    [
        (QUICK, 3, "too few pictures: 3; a map needs at least 4"),
        (
            TSNE(space="flat"),
            9,
            "no space named 'flat' for a map; there is 'half-whitened', 'as is'",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(step, rows, message):
    with pytest.raises(RecipeError) as caught:
        step({"v": crowd(rows)})
    assert str(caught.value) == message


def test_rows_that_are_not_drawn_lie_amid_their_neighbours():
    x, label = planted((80,), n=400)
    layout = TSNE(iterations=300, rows=250)({"v": x}).layout
    assert np.isfinite(layout).all()
    group = layout[label == 1]
    near = np.linalg.norm(layout - np.median(group, axis=0), axis=1).argsort()[:80]
    assert (label[near] == 1).mean() > 0.9


def test_neighbours_that_were_found_before_give_the_same_map():
    x = crowd(150)
    near = Search(count=90)({"v": x})
    assert (QUICK({"v": x}, near).layout == QUICK({"v": x}).layout).all()
    narrow = Search(count=40)({"v": x})  # too few: looked for again
    assert (QUICK({"v": x}, narrow).layout == QUICK({"v": x}).layout).all()
