import os

import pytest

from onnxprobe.atomic import replacing, sync


def test_a_file_is_as_it_was_where_writing_fails(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "old"


def test_a_file_is_on_the_disk_before_it_takes_its_place_and_so_is_its_name_after(
    tmp_path, monkeypatch
):
    path, seen = tmp_path / "file", []
    monkeypatch.setattr(
        "onnxprobe.atomic.sync", lambda synced: seen.append((synced, path.exists()))
    )
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert seen == [(temporary, False), (tmp_path, True)]


def test_sync_reaches_files_and_folders(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    inodes = []
    monkeypatch.setattr("onnxprobe.atomic.os.fsync", lambda d: inodes.append(os.fstat(d).st_ino))
    sync(tmp_path / "file")
    sync(tmp_path)
    assert inodes == [(tmp_path / "file").stat().st_ino, tmp_path.stat().st_ino]


@pytest.mark.parametrize("named", [False, True], ids=["a full disk", "a folder not to be written"])
def test_what_the_disk_refuses_is_told_of_the_file_that_was_asked_for(named, tmp_path):
    def fail():
        with replacing(tmp_path / "file") as temporary:
            raise OSError(28, "No space left on device", *([str(temporary)] if named else []))

    with pytest.raises(OSError, match="No space") as caught:
        fail()
    assert caught.value.filename == str(tmp_path / "file")
