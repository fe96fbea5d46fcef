"""Bytes from one file to another: as fast as the disk takes them, sparse files staying sparse."""

import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from onnxprobe.atomic import replacing
from onnxprobe.errors import MissingWeightsError

if sys.platform == "linux":
    import fcntl

_FICLONE: Final = 0x40049409
"""``FICLONE`` of ``linux/fs.h``."""
_CHUNK: Final = 1 << 20
_PAGE: Final = 4096
_STEP: Final = 1 << 22
"""Bytes after which the disk is told to begin."""
_CANNOT: Final = frozenset(
    {
        errno.EXDEV,
        errno.EINVAL,
        errno.ENOSYS,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.EBADF,
        errno.ENOTTY,
    }
)
"""What a kernel or file system answers that does not copy between these two files itself."""


def reserve(target: IO[bytes], length: int) -> None:
    """Ask for the room of ``length`` bytes before they are written.

    The file system finds the blocks at once (100 MB: a fifth less work for the kernel), and a disk
    without that much room says so before the long work. Where it cannot tell, nothing happens.
    """
    if length < _STEP or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(target.fileno(), 0, length)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def move(source: IO[bytes], target: IO[bytes], offset: int, length: int) -> None:
    """Append ``length`` bytes of ``source``, from ``offset`` on, to ``target``.

    Where both places are as far into a page, ``copy_file_range`` lets the file system share the
    blocks (btrfs, xfs). Weights inside ``.onnx`` files never are, and there the kernel's own copying
    takes half as long again as reading and writing a megabyte at a time, up to its boundaries. The
    disk is told to begin writing each step while the next is copied: the fsync that makes the file
    safe finds little left to do (100 MB: 5 ms for 50).

    Raises:
        MissingWeightsError: ``source`` ends before the range does.
    """
    target.flush()
    begun = at = os.lseek(target.fileno(), 0, os.SEEK_CUR)
    buffer = memoryview(bytearray(min(_CHUNK, length)))
    files, end, shared = (source.fileno(), target.fileno()), at + length, (offset - at) % _PAGE == 0
    while at < end:
        moved = _by_kernel(files, offset, min(_STEP, end - at)) if shared else 0
        moved = moved or _by_hand(files, offset, buffer[: min(_CHUNK - at % _CHUNK, end - at)])
        if not moved:
            raise MissingWeightsError(f"{source.name!r} became shorter while it was read")
        offset, at = offset + moved, at + moved
        if at - begun >= (_CHUNK if at == end else _STEP):
            _begin_writing(target.fileno(), begun, at - begun)
            begun = at


def clone(source: Path, target: Path) -> bool:
    """Make ``target`` a file of its own that shares the blocks of ``source``, at once and for nothing.

    Only some file systems do so (btrfs, XFS); ``False`` where this one does not.
    """
    if sys.platform != "linux":
        return False
    try:
        with replacing(target) as temporary, source.open("rb") as old, temporary.open("wb") as new:
            fcntl.ioctl(new, _FICLONE, old.fileno())
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True


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


def _by_kernel(files: tuple[int, int], offset: int, length: int) -> int:
    if not hasattr(os, "copy_file_range"):
        return 0
    try:
        return os.copy_file_range(*files, length, offset_src=offset)
    except OSError as error:
        if error.errno in _CANNOT:
            return 0
        raise


def _by_hand(files: tuple[int, int], offset: int, buffer: memoryview) -> int:
    read = os.preadv(files[0], [buffer], offset)
    return os.write(files[1], buffer[:read])


def _begin_writing(descriptor: int, start: int, length: int) -> None:
    """Start to write out what was appended last.

    Linux does so when it is told that the pages will not be needed; those not written yet stay.
    """
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)


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
