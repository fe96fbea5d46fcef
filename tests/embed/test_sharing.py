"""Several processes on one store: together they make what one would have made."""

import os
import signal
import time

import pytest
from store_parts import Workers, content

from onnxprobe.embed.sharing import Share
from onnxprobe.errors import StoreError
from onnxprobe.graph.save import save
from onnxprobe.store.lock import Held
from onnxprobe.store.resume import find, missing


@pytest.fixture(scope="module")
def two(tiny, pictures, tmp_path_factory):
    """Two that work at the same time."""
    model = save(tiny, tmp_path_factory.mktemp("model") / "tiny.onnx")
    settings = {"model": str(model), "pictures": str(pictures.path)}
    both = Workers(settings), Workers(settings)
    yield both
    for workers in both:
        workers.close()


def test_two_that_share_make_the_store_of_one(two, run, tmp_path):
    run("whole/e.h5")
    store = tmp_path / "shared/e.h5"
    for workers in two:
        workers.start(store, join=True, seconds=0.01)
    assert [workers.wait() for workers in two] == [(0, ""), (0, "")]
    assert content(store) == content(tmp_path / "whole/e.h5")


def test_the_shards_of_one_that_is_killed_are_made_by_the_other(two, run, tmp_path):
    run("whole/e.h5")
    store = tmp_path / "shared/e.h5"
    slow, quick = two
    process = slow.start(store, join=True, seconds=5, ready="reading")
    quick.start(store, join=True, seconds=0)
    time.sleep(0.3)  # by now the quick one has made all the shards but one, and waits
    os.kill(process, signal.SIGKILL)
    assert slow.wait()[0] == -signal.SIGKILL
    assert quick.wait() == (0, "")
    assert content(store) == content(tmp_path / "whole/e.h5")


def test_one_that_waits_for_another_can_be_stopped(two, tmp_path):
    store = tmp_path / "e.h5"
    slow, quick = two
    process = slow.start(store, join=True, seconds=5, ready="reading")
    waiting = quick.start(store, join=True, seconds=0, ready="reading")
    time.sleep(0.3)
    os.kill(waiting, signal.SIGTERM)
    code, message = quick.wait()
    assert code == 1
    assert message.startswith("stopped after ")
    os.kill(process, signal.SIGKILL)
    slow.wait()


def test_who_shares_and_who_does_not_tell_each_other(two, run, tmp_path):
    workers, _ = two
    process = workers.start(tmp_path / "e.h5", join=True, seconds=0.05, ready="reading")
    with pytest.raises(StoreError, match=rf"process {process} is working on .*say --join to both"):
        run("e.h5")
    os.kill(process, signal.SIGKILL)
    workers.wait()
    process = workers.start(tmp_path / "e.h5", seconds=0.05, ready="reading")
    with pytest.raises(StoreError, match=rf"process {process} is .*it was begun without --join"):
        run("e.h5", join=True)
    os.kill(process, signal.SIGKILL)
    workers.wait()


def test_one_alone_that_says_join_makes_the_same_and_grows_a_sample(run, tmp_path):
    run("whole/e.h5")
    run("e.h5", join=True, sample=22)
    run("e.h5", join=True)
    assert content(tmp_path / "e.h5") == content(tmp_path / "whole/e.h5")
    run("e.h5", join=True)
    assert content(tmp_path / "e.h5") == content(tmp_path / "whole/e.h5")


def test_what_was_left_by_sharing_is_tidied_up(run, tmp_path):
    run(join=True)
    (tmp_path / "e.shards/.00000001.lock").touch()
    run()
    assert sorted(f.name for f in tmp_path.glob("e.shards/*.lock")) == [".lock", ".turn.lock"]


def test_a_shard_is_held_by_one(tmp_path):
    one, other = Held(tmp_path), Held(tmp_path)
    assert one.take(3)
    assert not other.take(3)
    assert other.take(4)
    one.give_back()
    assert other.take(3)
    other.give_back()
    assert not list(tmp_path.iterdir())


def test_a_shard_that_was_made_since_one_looked_is_not_made_again(run, tmp_path):
    header = run("other.h5").header
    path = tmp_path / "e.h5"
    before = find(path, header, 40)
    assert len(list(missing(header, before))) == 10
    run("e.h5", join=True)
    assert list(Share(path, header, before).free()) == []
    assert not list(missing(header, before))
