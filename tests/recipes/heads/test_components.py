from dataclasses import replace

import numpy as np
import pytest

from onnxprobe.errors import DomainError, RecipeError
from onnxprobe.heads import HEADS
from recipes.heads.components import Components, Ends
from recipes.heads.split import Sides

RNG = np.random.default_rng(0)
SPREAD = np.array([9.0, 5.0, 3.0, *[0.5] * 17])
AXES = np.linalg.qr(RNG.normal(size=(20, 20)))[0]
X = ((RNG.normal(size=(900, 20)) * SPREAD) @ AXES.T + 7).astype(np.float32)
SIDES = Sides(np.arange(900) % 3 == 0)
FOUND = Components()({"v": X}, SIDES)


def trained(found=FOUND, ends=None):
    ends = ends or Ends()
    groups = ends.groups(X, found, SIDES.aside, "v")
    return groups, ends({"v": X}, groups, found, SIDES)


def test_as_many_components_as_the_variance_needs_are_found():
    assert FOUND.needed == 2  # 81 and 25 of 119
    assert Components(variance=0.95)({"v": X}, SIDES).needed == 3
    np.testing.assert_allclose(np.abs(FOUND.axes @ AXES[:, :2]), np.eye(2), atol=0.05)


def test_fewer_are_shown_than_needed_where_that_is_asked():
    found = Components(variance=0.95, most=1)({"v": X}, SIDES)
    assert (found.needed, found.axes.shape) == (3, (1, 20))


def test_what_is_explained_is_measured_on_rows_held_out():
    away = X[SIDES.aside] - FOUND.center
    part = ((away @ FOUND.axes[0]) ** 2).sum() / (away**2).sum()
    assert FOUND.explained[0] == pytest.approx(part, rel=1e-5)
    assert FOUND.explained[0] == pytest.approx(81 / 119, abs=0.05)


def test_axes_that_stand_out_come_back_and_those_of_equal_spread_do_not():
    found = Components(variance=0.999)({"v": X}, SIDES)
    assert found.stability[:3].min() > 0.98
    assert found.stability[5:12].max() < 0.95


def test_fewer_pictures_than_numbers_give_the_same_axes():
    few, sides = X[:60, :], Sides(np.arange(60) % 6 == 0)
    wide = np.hstack([few, np.zeros((60, 50), np.float32)])
    narrow, again = Components()({"v": few}, sides), Components()({"v": wide}, sides)
    np.testing.assert_allclose(np.abs(again.axes[:, :20]), np.abs(narrow.axes), atol=1e-6)
    np.testing.assert_allclose(again.spread, narrow.spread, rtol=1e-6)


def test_the_ends_are_the_farthest_of_each_side():
    groups, _ = trained()
    along = (X - FOUND.center) @ FOUND.axes[0]
    for column, sign in ((0, 1), (1, -1)):
        for side in (SIDES.aside, ~SIDES.aside):
            own = np.flatnonzero(side)
            count = groups.member[own, column].sum()
            assert count == pytest.approx(0.02 * len(own), abs=1)
            farthest = own[np.argsort(-sign * along[own])[:count]]
            assert groups.member[farthest, column].all()
    assert groups.names[:3] == ("component 1 +", "component 1 −", "component 2 +")


def test_the_head_is_the_component_itself():
    groups, head = trained()
    said = head.head(HEADS["detectors"], groups.names, (20,))([X]).scores
    logit = np.log(said / (1 - said))
    along = (X - FOUND.center) @ FOUND.axes[1] / FOUND.spread[1]
    assert np.corrcoef(logit[:, 2], along)[0, 1] > 0.999
    teach = ~SIDES.aside
    np.testing.assert_array_equal((said > 0.5)[teach], groups.member[teach])
    assert all(0.3 < ratio < 2.5 for ratio in head.share_ratio)


def test_pictures_that_are_all_the_same_do_not_break_it():
    same = np.ones((90, 4), np.float32)
    sides = Sides(np.arange(90) % 3 == 0)
    found = Components()({"v": same}, sides)
    groups = Ends().groups(same, found, sides.aside, "v")
    assert not groups.member.any()
    assert np.isfinite(Ends()({"v": same}, groups, found, sides).weight).all()


def test_ends_are_known_whatever_they_are_called_and_however_many_are_left():
    groups, head = trained()
    left = [3, 0]
    names = ("left ear", "right ear")
    stability = tuple(groups.stability[i] for i in left)
    some = replace(groups, member=groups.member[:, left], names=names, view=("v",) * 2)
    again = Ends()({"v": X}, replace(some, stability=stability), FOUND, SIDES)
    np.testing.assert_array_equal(again.weight, head.weight[left])
    np.testing.assert_array_equal(again.bias, head.bias[left])
    assert again.recall == tuple(head.recall[i] for i in left)


def test_what_is_not_one_end_of_a_component_has_no_detector():
    groups, _ = trained()
    both = replace(groups, member=groups.member[:, :1] | groups.member[:, 1:2], view=("v",))
    both = replace(both, names=("both",), stability=(None,))
    with pytest.raises(DomainError, match="'both' is not one end of a component; those can be"):
        Ends()({"v": X}, both, FOUND, SIDES)


def test_too_few_are_refused():
    with pytest.raises(RecipeError, match="too few pictures: 9; components need at least 50"):
        Components()({"v": X[:9]}, Sides(np.arange(9) > 5))
