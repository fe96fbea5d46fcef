import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_parts import PROBES, content

from onnxprobe.errors import NoSuchNameError
from onnxprobe.store import Store
from onnxprobe.store.channels import TOP, Channels, channels
from onnxprobe.store.channels import moments as moments_module
from onnxprobe.store.channels.blocks import Block, covering, read, write
from onnxprobe.store.channels.tree import Tree, looked_at
from onnxprobe.store.ledger import Ledger
from onnxprobe.store.shard import Shard

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=6)


def drawn(count, width=5, seed=0):
    """Vectors with ties, zeros, a dead channel, and a mean that is large against the spread."""
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.integers(-4, 5, (count, width)).astype(np.float32), 0)
    x[:, 1] = 7
    x[:, 2] = 10_000 + rng.normal(size=count)
    return x


def slow_top(x, k):
    """One channel at a time, sorted in full."""
    rows = [sorted(range(len(x)), key=lambda i, c=c: (-x[i, c], i))[:k] for c in range(x.shape[1])]
    return np.array([r + [-1] * (k - len(r)) for r in rows])


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.values(), other.values(), strict=True))


@given(SIZES)
def test_merged_stretches_say_what_all_together_say(sizes):
    x = drawn(sum(sizes))
    ends = np.cumsum(sizes)
    parts = [
        Channels.of(x[end - size : end], np.arange(end - size, end))
        for size, end in zip(sizes, ends, strict=True)
    ]
    found = parts[0]
    for part in parts[1:]:
        found = found.merged(part)
    whole = Channels.of(x, np.arange(len(x)))
    assert found.count == len(x)
    for name in ("low", "high", "zeros"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    np.testing.assert_array_equal(found.top.rows, whole.top.rows)
    np.testing.assert_array_equal(found.top.values, whole.top.values)
    if len(x):  # sums made in another order; float64 has 16 digits, 10,000² takes 8 of them
        np.testing.assert_allclose(found.mean, x.mean(axis=0, dtype=float), rtol=1e-12, atol=1e-12)
        wanted = np.cov(x.T.astype(float), bias=True)
        np.testing.assert_allclose(found.covariance, wanted, atol=1e-8)


@given(st.integers(0, 300))
def test_the_top_agrees_with_its_slow_twin(count):
    x = drawn(count)
    top = Channels.of(x, np.arange(count) + 100).top
    wanted = slow_top(x, TOP)
    np.testing.assert_array_equal(top.rows, np.where(wanted < 0, -1, wanted + 100))
    kept = top.rows >= 0
    np.testing.assert_array_equal(
        top.values[kept], np.take_along_axis(x.T, wanted.clip(0), 1)[kept] if count else []
    )


def test_many_vectors_are_summed_in_pieces(monkeypatch):
    x = drawn(100)
    whole = moments_module.Moments.of(x)
    monkeypatch.setattr(moments_module, "_ROWS", 8)
    np.testing.assert_allclose(moments_module.Moments.of(x).scatter, whole.scatter, atol=1e-6)


def test_of_many_channels_only_the_variances_are_kept(monkeypatch):
    x = drawn(50)
    whole = moments_module.Moments.of(x)
    monkeypatch.setattr(moments_module, "FULL", 4)
    first, later = moments_module.Moments.of(x[:20]), moments_module.Moments.of(x[20:])
    assert first.scatter.shape == (5,)
    np.testing.assert_allclose(first.merged(later).variance, whole.variance, rtol=1e-9, atol=1e-12)


def test_dead_channels_are_those_that_never_change():
    x = drawn(50)
    assert Channels.of(x, np.arange(50)).dead.tolist() == [1]


@given(st.integers(0, 300))
def test_blocks_cover_every_shard_once(count):
    blocks = list(covering(count))
    assert [n for block in blocks for n in range(block.start, block.stop)] == list(range(count))
    assert len(blocks) == count.bit_count()
    assert all(Block.named(block.name) == block for block in blocks)
    assert all(
        block.start == half.start for block in blocks if block.level for half in block.halves[:1]
    )


def shard(number, rows=4):
    x, places = drawn(rows, seed=number), np.arange(rows) + number * rows
    ledger = Ledger.of(places, [""] * rows, [])
    return Shard(number * rows, ledger, places, (x, x * 2))


@pytest.mark.parametrize("seed", range(4))
def test_whoever_made_the_shards_and_when_the_files_are_the_same(tmp_path, seed):
    rng = np.random.default_rng(seed)
    order, killed = rng.permutation(11).tolist(), int(rng.integers(11))

    def look(number):
        return looked_at(shard(number))

    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    plain = Tree(folders[0], look)
    for number in range(11):
        plain.add(number, shard(number))
    plain.close(11)
    for part in (order[:killed], order[killed:]):  # what the first held is lost
        again = Tree(folders[1], look)
        for number in part:
            again.forget(number)
            again.add(number, shard(number))
    again.close(11)
    one, other = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in folders)
    assert one == other
    assert sorted(one) == [block.name for block in sorted(covering(11))]


def test_a_shard_that_is_made_again_is_looked_at_again(tmp_path):
    made = {n: shard(n) for n in range(4)}
    tree = Tree(tmp_path, lambda n: looked_at(made[n]))
    for n in range(4):
        tree.add(n, made[n])
    tree.close(4)
    made[2] = shard(7)
    again = Tree(tmp_path, lambda n: looked_at(made[n]))
    again.forget(2)
    again.add(2, made[2])
    again.close(4)
    fresh = Tree(tmp_path / "none", lambda n: looked_at(made[n]))
    (found,), (wanted,) = ([t.views(b) for b in covering(4)] for t in (again, fresh))
    assert same(found[0].arrays(), wanted[0].arrays())


def test_a_damaged_file_is_as_good_as_none(tmp_path):
    views = looked_at(shard(0))
    write(views, tmp_path / "b.h5")
    assert same(read(tmp_path / "b.h5")[1].arrays(), views[1].arrays())
    data = bytearray((tmp_path / "b.h5").read_bytes())
    place = data.index(views[0].mean.tobytes())
    data[place] ^= 1
    (tmp_path / "b.h5").write_bytes(data)
    assert read(tmp_path / "b.h5") is None
    assert read(tmp_path / "none.h5") is None


@pytest.mark.parametrize("first", [40, 33, 16, 5])
def test_what_a_store_says_is_what_its_vectors_say(first, run):
    store = run(sample=first)
    for probe in PROBES:
        found = channels(store, probe)
        x = store.embeddings(probe)
        assert found.count == len(x)
        np.testing.assert_allclose(found.mean, x.mean(axis=0), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found.high, x.max(axis=0))
        best = found.top.rows[:, 0]
        assert [store.rows[i] for i in x.argmax(axis=0)] == best.tolist()


def test_a_view_of_a_larger_store_says_the_same_as_a_smaller_store(run, tmp_path):
    part = channels(run("small/e.h5", sample=21), PROBES[0]).arrays()
    run("large/e.h5")
    view = Store.open(tmp_path / "large/e.h5").first(21)
    assert same(channels(view, PROBES[0]).arrays(), part)


def test_what_was_gathered_is_what_would_be_found_anew(run, tmp_path):
    store = run()
    gathered = channels(store, PROBES[1]).arrays()
    files = list((tmp_path / "e.shards").glob("channels-*.h5"))
    assert [file.name for file in files] == ["channels-01-00000000.h5"]  # two full shards of 16
    files[0].unlink()
    assert same(channels(store, PROBES[1]).arrays(), gathered)
    before = content(tmp_path / "e.h5")
    run()  # made good by the next call
    assert len(content(tmp_path / "e.h5")) == len(before) + 1


def test_a_probe_that_is_not_there_is_named(run):
    with pytest.raises(NoSuchNameError, match="no probe in the store named 'blok:mean'; did you"):
        channels(run(), "blok:mean")
