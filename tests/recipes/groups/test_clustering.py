import numpy as np
import pytest
from blobs import crowd, curve, planted, ring

from onnxprobe.errors import RecipeError
from onnxprobe.recipe import kept
from recipes.groups.clustering import Communities, Groups
from recipes.groups.merging import Candidate

FIND = Communities()


def f1(member, truth):
    return 2 * (member & truth).sum() / (member.sum() + truth.sum())


def test_planted_groups_are_found_and_nothing_else():
    x, label = planted((40, 25))
    found = FIND({"v": x})
    assert found.member.shape == (600, 2)
    for number in (1, 2):
        assert max(f1(member, label == number) for member in found.member.T) > 0.95


def test_each_group_says_where_it_was_found_and_overlaps_are_kept():
    x, a = planted((40,), seed=0)
    y, b = planted((50,), seed=7)
    found = FIND({"x": x, "y": y})
    assert sorted(found.view) == ["x", "y"]
    for column, view in enumerate(found.view):
        assert f1(found.member[:, column], (a if view == "x" else b) == 1) > 0.95


def test_the_most_stable_come_first():
    found = FIND({"x": planted((60, 30, 20, 20), step=3.0)[0]})
    assert list(found.stability) == sorted(found.stability, reverse=True)
    assert (found.stability >= 0.75).all()


@pytest.mark.parametrize(
    "x",
    [
        crowd(),
        np.random.default_rng(0).normal(size=(800, 16)).astype(np.float32),
        np.maximum(crowd(800, 64), 0),
        ring(),
        ring(2000, noise=0.01),
        curve(),
    ],
    ids=["decaying spectrum", "noise", "rectified", "ring", "thin ring", "curve"],
)
def test_where_there_is_nothing_nothing_is_found(x):
    assert FIND({"v": x}).member.shape == (len(x), 0)


def test_a_group_beside_a_curve_is_found():
    x = curve(800)
    x[:40] = x[:40] * 0.1 + 9 * np.sign(np.random.default_rng(3).normal(size=x.shape[1]))
    found = FIND({"v": x.astype(np.float32)})
    assert f1(found.member[:, 0], np.arange(800) < 40) > 0.95
    assert found.member.shape[1] == 1


class Blinded(Communities):
    """Sees no groups below 100 rows in the first pass, or only those it is told of."""

    told = None

    def _look(self, near, joined, progress):
        found = super()._look(near, joined, progress)
        if len(next(iter(near.values()))) < 1000:
            return found
        return [one for one in found if one.member.sum() > 100] if self.told is None else self.told


def test_what_large_groups_hid_is_found_among_the_rest():
    x, label = planted((300, 40), n=1000)
    once = Blinded(passes=1)({"v": x})
    assert [f1(once.member[:, 0], label == 1) > 0.95, once.member.shape[1]] == [True, 1]
    both = Blinded()({"v": x})
    assert both.member.shape == (1000, 2)
    for number in (1, 2):
        assert max(f1(member, label == number) for member in both.member.T) > 0.95


def test_ends_that_a_group_has_cut_off_are_no_groups():
    """Without its middle, the two ends of a bar stand far apart; they are still one bar."""
    rng = np.random.default_rng(0)
    place = rng.uniform(size=1000)
    x = np.column_stack([6 * place, rng.normal(size=(1000, 5))]).astype(np.float32)
    middle = (place > 0.25) & (place < 0.75)
    assert FIND({"v": x[~middle]}).member.shape[1] == 1
    find = Blinded()
    object.__setattr__(find, "told", [Candidate(middle, "v", 1.0, 1.0, 9.0)])
    assert find({"v": x}).member.shape[1] == 1


def test_the_same_seed_gives_the_same_groups():
    x, _ = planted((40, 25), step=3.0)
    a, b = FIND({"v": x}), FIND({"v": x})
    assert (a.member == b.member).all()
    assert (a.stability == b.stability).all()


def test_a_view_that_shows_nothing_is_passed_over():
    x, _ = planted((40,))
    found = FIND({"blank": np.ones((600, 3), np.float32), "x": x})
    assert found.view == ("x",)


def test_pictures_that_are_there_many_times_are_a_group():
    x = crowd(400)
    x[:30] = x[0]
    found = FIND({"v": x})
    assert f1(found.member[:, 0], np.arange(400) < 30) > 0.95


def test_a_single_column_is_no_reason_to_fail():
    assert FIND({"v": crowd(300, 1)}).member.shape[0] == 300


def test_progress_reaches_its_end():
    told = []
    FIND({"a": crowd(200), "b": crowd(200)}, progress=lambda *said: told.append(said))
    assert told[-1] == ("groups", 2 * 7 * 11, 2 * 7 * 11)
    steps = [done for stage, done, _ in told if stage == "groups"]
    assert steps == sorted(set(steps))


def test_groups_are_kept_and_read_again(tmp_path):
    found = FIND({"v": planted()[0]})
    kept.write(found, tmp_path / "groups.npz")
    again = kept.read(Groups, tmp_path / "groups.npz")
    assert again.view == found.view
    assert (again.member == found.member).all()


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ({}, "finding groups needs at least one view of the pictures; there is none"),
        ({"v": crowd(49)}, "too few pictures: 49; finding groups needs at least 50"),
        (
            {"a": crowd(60), "b": crowd(70)},
            "the views must describe the same pictures, but have {'a': 60, 'b': 70} rows",
        ),
        (
            {"v": np.where(np.eye(60, 24, -7) > 0, np.nan, crowd(60)).astype(np.float32)},
            "view 'v' has a value that is not finite in row 7",
        ),
    ],
)
def test_what_cannot_be_grouped_is_said(views, message):
    with pytest.raises(RecipeError) as caught:
        FIND(views)
    assert str(caught.value) == message
