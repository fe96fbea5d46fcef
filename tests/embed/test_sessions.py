import signal

import pytest

from onnxprobe.errors import StoreError
from onnxprobe.report.stores import contents_text
from onnxprobe.store.account import Account
from onnxprobe.store.contents import contents
from onnxprobe.store.sessions import note, sessions


def test_each_session_is_kept_and_said(run):
    told = []
    path = run(sample=16, account=told.append).path
    run(account=told.append)
    run(account=told.append)  # nothing is left to do, which is no session
    assert sessions(path) == tuple(told)
    assert [one.pictures for one in told] == [16, 24]
    found = contents(path)
    assert found.sessions == tuple(told)
    assert "worked      ran on cpu (CPUExecutionProvider) in float32: " in contents_text(found)
    (first, last) = found.to_json()["sessions"]
    assert (first["pictures"], last["pictures"]) == (16, 24)
    assert set(last["busy"]) == {"decode", "infer", "write"}
    assert all(0 <= share <= 1.05 for share in last["busy"].values())


def test_work_that_was_stopped_is_a_session_too(run, tmp_path):
    def stop(_, done, __):
        if done == 8:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(StoreError, match="stopped after"):
        run(progress=stop)
    (session,) = sessions(tmp_path / "e.h5")
    assert 8 <= session.pictures < 40


@pytest.mark.parametrize("said", [None, b"", b"[{}]", b"3"])
def test_where_none_can_be_read_there_are_none(said, run):
    path = run(sample=8).path
    file = path.with_suffix(".shards") / ".sessions.json"
    file.unlink()
    if said is not None:
        file.write_bytes(said)
    assert sessions(path) == ()
    assert "worked" not in contents_text(contents(path))
    note(path, Account(("a",), "float32", 1, 10, 2, 4, 2, 1, decoders=2, runners=1))
    assert [one.pictures for one in sessions(path)] == [10]
