import time

import pytest
from store_parts import SEEN

from onnxprobe.embed import ahead as ahead_module
from onnxprobe.embed.ahead import Ahead
from onnxprobe.embed.network import Network
from onnxprobe.embed.stream import stream

SIXTY = b"x" * 60


def settled(done):
    """Return how many have been read, once no more have been for a while."""
    count = -1
    while count != len(done):
        count = len(done)
        time.sleep(0.05)
    return count


@pytest.fixture
def read():
    return []


@pytest.fixture
def reader(read):
    def one(name):
        read.append(name)
        return SIXTY

    going = Ahead(one, threads=1, most=100)
    yield going
    going.close()


def test_no_more_is_read_than_may_wait(reader, read):
    first, *others = [reader.submit([name]) for name in "abcde"]
    assert settled(read) == 2  # a second one, for the first alone is less than may wait
    reader.taken(*first.result())
    assert settled(read) == 3
    for future in others[:3]:
        reader.taken(*future.result())
    assert read == list("abcde")


def test_files_asked_for_together_are_read_together_however_long(reader):
    assert len(reader.submit(list("abc")).result(timeout=10)) == 3


def test_closing_does_not_wait_for_what_nobody_takes(reader, read):
    for name in "abcde":
        reader.submit([name])
    assert settled(read) == 2
    reader.close()


def test_what_cannot_be_read_takes_no_room_and_says_why():
    def gone(name):
        raise FileNotFoundError(2, "No such file or directory", name)

    going = Ahead(gone, threads=2, most=1)
    done = [going.submit([name]).result(timeout=10) for name in "abc"]
    assert [str(file.error) for (file,) in done] == [
        f"[Errno 2] No such file or directory: '{name}'" for name in "abc"
    ]
    going.close()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_pictures_larger_than_what_may_wait_come_through(threads, tiny, pictures, monkeypatch):
    monkeypatch.setattr(ahead_module, "_MOST", 1)
    network = Network.of(tiny, ("scores",), SEEN, batch=4)
    batches = [range(i, i + 4) for i in range(0, 40, 4)]
    done = list(stream(network, pictures, pictures.names, batches, threads=threads))
    assert sum(len(batch.outcomes) for batch in done) == 40
