import numpy as np
import pytest

from recipes.grouped import Grouped
from recipes.groups import agreement as module
from recipes.groups.agreement import agreement

RNG = np.random.default_rng(0)
N = 700


def grouped(*members, view=None):
    count = len(members)
    return Grouped(np.column_stack(members), view or ("v",) * count, (None,) * count)


def by_hand(x, member):
    """The same, a picture at a time."""
    z = (x - x.mean(0)) / x.std(0)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    count, shares = min(10, member.sum() - 1), []
    for row in np.flatnonzero(member):
        others = [i for i in np.argsort(-(z @ z[row])) if i != row]
        shares.append(member[others[:count]].mean())
    return np.mean(shares)


def test_it_is_what_counting_by_hand_gives():
    x = RNG.normal(size=(N, 12)).astype(np.float32) * RNG.uniform(0.1, 9, 12).astype(np.float32)
    members = RNG.random((N, 5)) < [0.5, 0.2, 0.1, 0.05, 0.02]
    members[7:, 4] = False
    members[:7, 4] = True
    found = agreement({"v": x}, grouped(*members.T))
    assert found == pytest.approx([by_hand(x, member) for member in members.T], abs=1e-4)


def test_a_group_of_its_own_has_1_and_one_drawn_at_random_its_share():
    x, own = RNG.normal(size=(N, 30)).astype(np.float32), np.arange(N) < 40
    x[own, :3] += 8
    found = agreement({"v": x}, grouped(own, RNG.random(N) < 0.3))
    assert found[0] == 1
    assert found[1] == pytest.approx(0.3, abs=0.05)


def test_each_group_is_looked_at_in_the_view_that_shows_it():
    x, own = RNG.normal(size=(N, 30)).astype(np.float32), np.arange(N) < 40
    shows = x.copy()
    shows[own, :3] += 8
    found = agreement({"what": x, "how": shows}, grouped(own, own, view=("how", "what")))
    assert found[0] == 1
    assert found[1] < 0.2


def test_of_more_pictures_than_it_takes_the_first_are_looked_at(monkeypatch):
    monkeypatch.setattr(module, "SAMPLE", 300)
    x = RNG.normal(size=(N, 8)).astype(np.float32)
    some, late = RNG.random(N) < 0.4, np.arange(N) >= 298
    first, hardly = agreement({"v": x}, grouped(some, late))
    assert first == agreement({"v": x[:300]}, grouped(some[:300]))[0]
    assert hardly is None


def test_nothing_is_said_of_no_group_or_of_pictures_that_are_all_the_same():
    x = np.ones((60, 4), np.float32)
    assert agreement({"v": x}, Grouped(np.zeros((60, 0), bool), (), ())) == ()
    (found,) = agreement({"v": x}, grouped(np.arange(60) < 20))
    assert 0 <= found <= 1
