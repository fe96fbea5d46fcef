import errno
import os

import pytest

from onnxprobe.errors import MissingWeightsError
from onnxprobe.graph.disk.copying import copy_file, move, reserve

MEGABYTE = 1 << 20


@pytest.fixture
def source(tmp_path):
    (tmp_path / "source").write_bytes(os.urandom(9 * MEGABYTE + 7))
    return tmp_path / "source"


def moved(source, target, offset, length):
    """Append a range to seven bytes; an offset of 7 is as far into a page as they end."""
    with source.open("rb") as old, target.open("wb") as new:
        new.write(b"before ")
        move(old, new, offset, length)
        new.write(b" after")
    return target.read_bytes()


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 5), (3, 9 * MEGABYTE), (5, 0), (7, 9 * MEGABYTE), (4103, 3)]
)
def test_a_range_arrives_between_what_is_written_before_and_after(source, tmp_path, offset, length):
    whole = source.read_bytes()
    expected = b"before " + whole[offset : offset + length] + b" after"
    assert moved(source, tmp_path / "target", offset, length) == expected


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_the_kernel_cannot_copy_the_same_bytes_arrive(source, tmp_path, monkeypatch, number):
    def refuses(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "copy_file_range", refuses)
    assert (
        moved(source, tmp_path / "target", 7, 8 * MEGABYTE)[7:-6]
        == source.read_bytes()[7:][: 8 * MEGABYTE]
    )


def test_a_kernel_that_says_nothing_was_copied_is_not_believed(source, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "copy_file_range", lambda *_, **__: 0)
    assert (
        moved(source, tmp_path / "target", 7, MEGABYTE)[7:-6] == source.read_bytes()[7:][:MEGABYTE]
    )


@pytest.mark.parametrize("length", [5, 10 * MEGABYTE])
def test_room_is_asked_for_ahead_and_what_is_written_fills_it(tmp_path, length):
    with (tmp_path / "target").open("wb") as file:
        reserve(file, length)
        file.write(b"x" * length)
    assert (tmp_path / "target").read_bytes() == b"x" * length


def test_a_disk_without_room_says_so_and_one_that_cannot_tell_is_written_to(tmp_path, monkeypatch):
    def refuses(number):
        def refuse(*_):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "posix_fallocate", refuse)

    with (tmp_path / "target").open("wb") as file:
        refuses(errno.EOPNOTSUPP)
        reserve(file, 10 * MEGABYTE)
        refuses(errno.ENOSPC)
        with pytest.raises(OSError, match="No space left"):
            reserve(file, 10 * MEGABYTE)


def test_a_full_disk_is_not_tried_in_another_way(source, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(OSError, match="No space left"):
        moved(source, tmp_path / "target", 7, 5)


def test_a_source_that_ends_early_is_noticed(source, tmp_path):
    with pytest.raises(MissingWeightsError, match="source' became shorter while it was read"):
        moved(source, tmp_path / "target", 9 * MEGABYTE, 100)


@pytest.mark.parametrize("size", [0, 10, 64 * MEGABYTE])
def test_a_copy_equals_its_source_and_holes_stay_holes(tmp_path, size):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(size)
        if size > MEGABYTE:
            file.seek(20 * MEGABYTE)
            file.write(b"an island")
    copy_file(tmp_path / "sparse", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "sparse").read_bytes()
    assert (tmp_path / "copy").stat().st_blocks <= (tmp_path / "sparse").stat().st_blocks + 16
