"""Pictures behind a URL that fails: a reason in the ledger, and the work ends."""

import os
import signal
import threading

import pytest
from picture_server import Server, shorter_than

from onnxprobe.errors import StoreError
from onnxprobe.images import open_source
from onnxprobe.images.places import Patience


def test_what_stalls_is_missing_with_a_reason_and_the_rest_is_embedded(run, pictures):
    names = pictures.names[:12]
    (pictures.path / "list.txt").write_text("\n".join(names))
    with Server(pictures.path) as server:
        hasty = Patience(seconds=0.2, tries=2, pause=0)
        source = open_source(server.url + "list.txt", patience=hasty)
        server.fates = {f"/{names[3]}": ["stall"] * 2, f"/{names[5]}": [500] * 2}
        with shorter_than(60):
            store = run(source=source)
    (pictures.path / "list.txt").unlink()
    failed = dict(zip(store.ledger.path, store.ledger.error, strict=True))
    assert store.counts == {"ok": 10, "missing": 2}
    assert failed[names[3]] == "no answer within 0.2 seconds; asked 2 times"
    assert failed[names[5]] == "HTTP 500; asked 2 times"


def test_many_answers_are_waited_for_at_once(run, pictures):
    (pictures.path / "list.txt").write_text("\n".join(pictures.names))
    with Server(pictures.path, delay=0.1) as server:
        run(source=open_source(server.url + "list.txt"), threads=2)
    (pictures.path / "list.txt").unlink()
    assert server.most >= 16  # with a thread for each of two cores it would be 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_does_not_wait_for_what_stalls(number, run, pictures):
    names = pictures.names[:30]
    (pictures.path / "list.txt").write_text("\n".join(names))
    with Server(pictures.path) as server:
        source = open_source(server.url + "list.txt")
        server.fates = {f"/{name}": ["stall"] * 9 for name in names}
        asked = threading.Timer(1, os.kill, (os.getpid(), number))
        asked.start()
        with shorter_than(20), pytest.raises(StoreError, match="stopped after 0 of 30 pictures"):
            run("e.h5", source=source)  # 30 seconds, three times, if it did
        asked.join()
        server.fates = {}
        assert len(run("e.h5", source=source)) == 30
    (pictures.path / "list.txt").unlink()
