"""Bytes from one file to another: by the kernel, sparse files staying sparse."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from onnxprobe.errors import MissingWeightsError

_STEP: Final = 1 << 22
_CHUNK: Final = 1 << 20
_CANNOT: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}
)
"""What a kernel or file system answers that does not copy between these two files itself."""


def move(source: IO[bytes], target: IO[bytes], offset: int, length: int) -> None:
    """Append ``length`` bytes of ``source``, from ``offset`` on, to ``target``.

    ``copy_file_range`` shares blocks where the file system can (btrfs, xfs) and copies inside the
    kernel elsewhere. The disk is told to begin writing each step while the next is copied: the
    fsync that makes the file safe finds little left to do (a third of the time for 100 MB).

    Raises:
        MissingWeightsError: ``source`` ends before the range does.
    """
    target.flush()
    left = length
    while left:
        moved = _moved(source.fileno(), target.fileno(), offset, min(left, _STEP))
        if not moved:
            raise MissingWeightsError(f"{source.name!r} became shorter while it was read")
        left, offset = left - moved, offset + moved
        _begin_writing(target.fileno(), moved)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file; holes in it stay holes.

    Raises:
        MissingWeightsError: ``source`` became shorter meanwhile.
    """
    with source.open("rb") as old, target.open("wb") as new:
        size = os.fstat(old.fileno()).st_size
        for start, end in _stretches(old.fileno(), size):
            new.seek(start)
            move(old, new, start, end - start)
        new.truncate(size)


def _moved(source: int, target: int, offset: int, length: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            moved = os.copy_file_range(source, target, length, offset_src=offset)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            if moved:
                return moved
    return os.write(target, os.pread(source, min(length, _CHUNK), offset))


def _begin_writing(descriptor: int, length: int) -> None:
    """Start to write out what was appended last.

    Linux does so when it is told that the pages will not be needed; those not written yet stay.
    """
    if hasattr(os, "posix_fadvise"):
        end = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.posix_fadvise(descriptor, end - length, length, os.POSIX_FADV_DONTNEED)


def _stretches(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where the file holds data; all of it where the system does not tell."""
    if not hasattr(os, "SEEK_DATA"):
        yield 0, size
        return
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole up to the end
                return
            raise
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end
