import shutil

import numpy as np
import pytest
from store_parts import PROBES, fill

from onnxprobe.errors import StoreError
from onnxprobe.images import open_source
from onnxprobe.store import Store, duplicates, kept
from onnxprobe.store.duplicates import exact_duplicates, look_for, near_duplicates
from onnxprobe.store.exports import export
from onnxprobe.store.sketches import Sketches
from onnxprobe.store.top import folder_of


class Fake:
    """As much of a store as is looked at: planted copies among random vectors."""

    def __init__(self, x):
        self.x, self.rows, self.pictures = x, np.arange(len(x)) * 2, 2 * len(x)

    def __len__(self):
        return len(self.x)

    def embeddings(self, _, rows=slice(None)):
        return self.x[rows]


@pytest.fixture
def planted(monkeypatch):
    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(3000, 48))).astype(np.float32) + 3  # far from the origin
    for i in range(60):  # of 20 pictures two more, a little changed
        x[i + 40] = x[i % 20] + rng.normal(size=48) * 0.02 * (i % 5)
    store = Fake(x)
    monkeypatch.setattr(
        "onnxprobe.store.duplicates.channels",
        lambda found, _: type("", (), {"mean": found.x.mean(axis=0, dtype=float)}),
    )
    return store


def slow(x, similarity):
    """Every pair."""
    x = x - x.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return {tuple(pair) for pair in np.argwhere(np.triu(x @ x.T >= similarity, 1)).tolist()}


@pytest.mark.parametrize("similarity", [0.95, 0.99])
def test_groups_are_those_of_all_pairs(similarity, planted):
    groups = look_for(planted, "x", similarity=similarity)
    place = {int(row): n for n, group in enumerate(groups) for row in group.rows}
    linked = slow(planted.x, similarity)
    assert len(linked) > 20
    assert all(place[2 * a] == place[2 * b] for a, b in linked)
    assert set(place) == {2 * i for pair in linked for i in pair}
    assert [int(g.rows[0]) for g in groups] == sorted(int(g.rows[0]) for g in groups)
    assert all(similarity <= group.similarity <= 1.000001 for group in groups)


def test_how_many_vectors_are_held_changes_nothing(planted, monkeypatch):
    wanted = look_for(planted, "x", similarity=0.95)
    most, real = 0, duplicates._Centred.at

    def counted(vectors, places):
        nonlocal most
        most = max(most, len(places))
        return real(vectors, places)

    monkeypatch.setattr(duplicates._Centred, "at", counted)
    monkeypatch.setattr(duplicates, "_HELD", 12 * 48 * 4)
    monkeypatch.setattr(duplicates, "_BLOCK", 100)
    monkeypatch.setattr(duplicates, "_PAIRS", 7)
    found = look_for(planted, "x", similarity=0.95)
    assert [g.rows.tolist() for g in found] == [g.rows.tolist() for g in wanted]
    assert [g.similarity for g in found] == pytest.approx([g.similarity for g in wanted], abs=1e-6)
    assert most <= 12


def test_sketches_tell_the_angle():
    rng = np.random.default_rng(0)
    one = rng.normal(size=64)
    other = 0.9 * one / np.linalg.norm(one)
    side = rng.normal(size=64)
    side -= one * (side @ one) / (one @ one)
    other += np.sqrt(1 - 0.9**2) * side / np.linalg.norm(side)  # a cosine of exactly 0.9
    pair = np.stack([one, other]).astype(np.float32)
    sketches = Sketches.of([pair[:1], pair[1:]], 64, seed=0)
    apart = np.unpackbits(sketches.packed[0] ^ sketches.packed[1]).mean()
    # of 1,024 planes the share has a standard deviation of 0.011; four of them
    assert abs(apart - np.arccos(0.9) / np.pi) < 0.044
    first, second = np.array([0]), np.array([1])
    assert sketches.near(first, second, 0.9).all()
    assert not sketches.near(first, second, 0.99).any()
    bits = np.array([3, 0, 1023])
    unpacked = np.unpackbits(sketches.packed, axis=1)[:, bits]
    assert sketches.signature(bits).tolist() == (unpacked @ [4, 2, 1]).tolist()


def test_a_crowd_of_equal_vectors_is_one_group(planted):
    planted.x[100:1100] = planted.x[0] * 2
    groups = look_for(planted, "x", similarity=0.999)
    assert max(len(group.rows) for group in groups) >= 1000


def test_the_same_file_twice_is_found(run, tmp_path):
    folder = fill(tmp_path / "p", 20)
    shutil.copy(folder / "003.png", folder / "again.png")
    store = run(source=open_source(folder))
    (group,) = exact_duplicates(store)
    assert {store.ledger.path[row] for row in group.rows} == {"003.png", "again.png"}
    near = near_duplicates(store, PROBES[0], similarity=0.9999)
    assert any(set(group.rows) <= set(other.rows) for other in near)


@pytest.mark.parametrize("similarity", [0, 1, 1.5, -1, float("nan")])
def test_a_similarity_is_a_share(similarity, planted):
    with pytest.raises(StoreError, match=r"a similarity is above 0 and below 1, such as 0\.98"):
        near_duplicates(planted, "x", similarity=similarity)


@pytest.fixture
def searches(monkeypatch):
    """How many times a store was searched, as a list of nothing."""
    done, real = [], duplicates.look_for
    monkeypatch.setattr(
        duplicates, "look_for", lambda *a, **k: (done.append(None), real(*a, **k))[1]
    )
    return done


def said(groups):
    return [(group.rows.tolist(), group.similarity) for group in groups]


def test_near_duplicates_are_found_once_and_again_when_the_vectors_changed(run, searches, tmp_path):
    folder = fill(tmp_path / "p", 20)
    for name in ("copy.png", "copy 2.png"):
        shutil.copy(folder / "003.png", folder / name)
    part = run(source=open_source(folder), sample=12)
    early = near_duplicates(part, PROBES[0], similarity=0.9)
    store = run(source=open_source(folder))
    first = near_duplicates(store, PROBES[0], similarity=0.9)
    assert said(first) != said(early)
    assert len(searches) == 2
    assert said(near_duplicates(store, PROBES[0], similarity=0.9)) == said(first)
    assert said(near_duplicates(Store.open(store.path), PROBES[0], similarity=0.9)) == said(first)
    assert len(searches) == 2
    near_duplicates(store, PROBES[1], similarity=0.9)
    near_duplicates(store, PROBES[0], similarity=0.99999)
    assert len(searches) == 4
    assert said(near_duplicates(store, PROBES[0], similarity=0.9)) == said(first)
    assert len(searches) == 4  # what is kept for others is not overwritten
    assert said(near_duplicates(store.first(12), PROBES[0], similarity=0.9)) == said(early)
    assert len(searches) == 5
    assert len(list(folder_of(store.path).glob("near-*"))) == 1  # of other vectors nothing is kept


def test_groups_that_are_kept_are_the_groups(run, searches):
    store = run()
    for similarity in (0.2, 0.999999):  # many groups, and none
        first = near_duplicates(store, PROBES[0], similarity=similarity)
        again = near_duplicates(store, PROBES[0], similarity=similarity)
        assert said(again) == said(first)
        assert bool(first) == (similarity < 0.5)
        assert all(group.rows.dtype == np.int64 for group in again)
    assert len(searches) == 2


def test_groups_that_were_kept_and_damaged_are_found_again(run, searches):
    store = run()
    first = near_duplicates(store, PROBES[0], similarity=0.5)
    (file,) = folder_of(store.path).glob("near-*")
    whole = file.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole.replace(b"\x01", b"\x02")):
        file.write_bytes(damaged)
        assert said(near_duplicates(store, PROBES[0], similarity=0.5)) == said(first)
    assert len(searches) == 4
    assert file.read_bytes() == whole


def test_near_duplicates_need_nothing_to_be_written(run, searches, tmp_path, monkeypatch):
    store = run()
    first = near_duplicates(store, PROBES[0], similarity=0.5)
    export(store, "single-hdf5", tmp_path / "one.h5")
    exported = Store.open(tmp_path / "one.h5")
    assert said(near_duplicates(exported, PROBES[0], similarity=0.5)) == said(first)
    (file,) = folder_of(store.path).glob("near-*")
    file.unlink()

    def full(*_):
        raise StoreError("no space left")

    monkeypatch.setattr(kept, "put", full)
    assert said(near_duplicates(store, PROBES[0], similarity=0.5)) == said(first)
    assert not file.exists()
    assert len(searches) == 3
