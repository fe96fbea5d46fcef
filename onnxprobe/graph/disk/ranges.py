"""Ranges of files, and whether those files are still what they were."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from onnxprobe.errors import MissingWeightsError

RAW_DATA: Final = 9
"""The protobuf field of a tensor that holds its elements as plain little-endian bytes."""
_CHUNK: Final = 1 << 20


class Stored(NamedTuple):  # made in a third of the time that a frozen dataclass takes
    """A range of bytes on disk.

    Attributes:
        path: the file.
        offset: where the range begins, in bytes.
        length: its size in bytes.
        field: the protobuf field of ``TensorProto`` that the bytes are the content of.
        stamp: what the file was like when it was read; empty where a change does no harm.
    """

    path: Path
    offset: int
    length: int
    field: int = RAW_DATA
    stamp: str = ""


class OpenFile:
    """The bytes of an open file, read where they are asked for.

    Not an ``mmap``: the pages of a mapped file that were touched count as memory of the reader,
    in steps of up to 2 MiB, and a file that is cut off while it is mapped kills the reader.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Look at ``file``, which stays open meanwhile."""
        self._descriptor = file.fileno()
        self._length = os.fstat(self._descriptor).st_size

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: slice) -> bytes:
        start, stop, _ = index.indices(self._length)
        data = os.pread(self._descriptor, stop - start, start)
        if len(data) != stop - start:
            raise MissingWeightsError("the file became shorter while it was read")
        return data


def text_of(path: Path) -> str:
    """Write a path as text that protobuf takes, whatever bytes it is made of."""
    return os.fsencode(path).decode("latin-1")


def path_of(text: str) -> Path:
    """Return the path that ``text_of`` wrote."""
    return Path(os.fsdecode(text.encode("latin-1")))


def stamp(file: IO[bytes]) -> str:
    """Describe an open file, so that it can be told whether it is still the same later."""
    now = os.fstat(file.fileno())
    return f"{now.st_ino}:{now.st_size}:{now.st_mtime_ns}"


def opened(place: Stored) -> IO[bytes]:
    """Open the file that ``place`` is in.

    Raises:
        MissingWeightsError: the file is gone, or not the one that was read any more.
    """
    try:
        file = place.path.open("rb")
    except FileNotFoundError:
        raise MissingWeightsError(
            f"the weights lie in {str(place.path)!r}, which is gone"
        ) from None
    if place.stamp in ("", stamp(file)):
        return file
    file.close()
    raise MissingWeightsError(
        f"{str(place.path)!r} has changed since it was read; load the model again"
    )


def chunks(place: Stored) -> Iterator[bytes]:
    """Yield the bytes of ``place``, a megabyte at a time.

    Raises:
        MissingWeightsError: the file is gone, has changed, or became shorter.
    """
    with opened(place) as file:
        at, end = place.offset, place.offset + place.length
        while at < end:
            data = os.pread(file.fileno(), min(_CHUNK, end - at), at)
            if not data:
                raise MissingWeightsError(f"{str(place.path)!r} became shorter while it was read")
            yield data
            at += len(data)
