"""A source that goes away, and one of which much is missing."""

import threading

import numpy as np
import pytest
from store_parts import content, fill

from onnxprobe.embed import outage
from onnxprobe.embed.stream import Batch
from onnxprobe.errors import StoreError
from onnxprobe.images import Status, open_source
from onnxprobe.store import Store
from onnxprobe.store.ledger import Outcome


class Flaky:
    """A source of which some names cannot be read for now; where it leaves, no other a second time."""

    def __init__(self, inner, gone, *, leaves=False):
        self.inner, self.gone, self.leaves = inner, set(gone), leaves

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, most=None):
        if name in self.gone:
            raise OSError("HTTP 503; asked 3 times")
        if self.leaves:
            self.gone.add(name)
        return self.inner.read(name, most)


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setattr(outage, "IN_A_ROW", 10)


def test_a_source_that_goes_away_stops_the_work_and_leaves_no_trace_of_it(run, pictures, tmp_path):
    whole = run("whole/e.h5")
    source = Flaky(pictures, whole.ledger.path[20:], leaves=True)
    with pytest.raises(StoreError) as caught:
        run("e.h5", source=source)
    assert str(caught.value) == (
        f"12 pictures in a row could not be read (HTTP 503; asked 3 times), so "
        f"{str(pictures.path)!r} seems to be gone; what is done is kept: give the same command "
        "again when it is back"
    )
    assert len(Store.open(tmp_path / "e.h5").ledger) == 20
    run("e.h5")
    assert content(tmp_path / "e.h5") == content(tmp_path / "whole/e.h5")


def test_a_part_that_is_gone_is_missing_pictures_where_others_can_be_read(run, pictures):
    order = list(run("whole/e.h5").ledger.path)
    store = run(source=Flaky(pictures, order[4:39]))
    assert store.counts["missing"] == 35
    assert len(store.ledger) == 40


@pytest.mark.parametrize("asked", [True, False])
def test_who_asks_whether_a_source_is_there_can_be_stopped(pictures, asked):
    class Silent(Flaky):
        def read(self, _name, _most=None):
            never.wait(10)

    never, stop = threading.Event(), threading.Event()
    lost = Batch(0, (Outcome(Status.MISSING),) * 10, np.empty(0, np.int64), {}, 0.0, 0.0)
    if asked:
        stop.set()
    else:
        never.set()
    assert list(outage.while_there([lost], Silent(pictures, ()), stop)) == ([] if asked else [lost])
    never.set()


def test_fewer_in_a_row_are_missing_pictures_also_at_the_end(run, pictures):
    order = list(run("whole/e.h5").ledger.path)
    gone = {*order[4:12], *order[16:24], *order[32:]}
    store = run(source=Flaky(pictures, gone))
    assert store.counts["missing"] == len(gone) == 24
    assert len(store.ledger) == 40


def test_a_source_without_one_picture_that_is_shorter_says_so_as_ever(run, tmp_path):
    source = open_source(fill(tmp_path / "few", 5))
    with pytest.raises(Exception, match="none of the 8 pictures can be used: 8 missing"):
        run(source=Flaky(source, set(source.names)))
