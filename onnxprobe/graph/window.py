"""A file looked at through a small window: what is read of it is all that is in memory."""

import os
from typing import IO, Final

from onnxprobe.errors import NotOnnxError

_SIZE: Final = 1 << 14
"""Bytes read at a time: a hundred nodes, and little enough to waste before a long weight."""


class Window:
    """The bytes of an open file, read where they are asked for.

    Not an ``mmap``: the pages of a mapped file that were touched count as memory of the reader,
    in steps of up to 2 MiB, and a file that is cut off while it is mapped kills the reader.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Look at ``file``, which stays open for as long as the window is used."""
        self._descriptor = file.fileno()
        self._length = os.fstat(self._descriptor).st_size
        self._start = 0
        self._bytes = b""

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: slice) -> bytes:
        start, stop, _ = index.indices(self._length)
        if self._start <= start and stop <= self._start + len(self._bytes):
            return self._bytes[start - self._start : stop - self._start]
        if stop - start > _SIZE:
            return self._read(start, stop - start)
        self._start, self._bytes = start, self._read(start, min(_SIZE, self._length - start))
        return self._bytes[: stop - start]

    def _read(self, start: int, length: int) -> bytes:
        data = os.pread(self._descriptor, length, start)
        if len(data) != length:
            raise NotOnnxError("the file became shorter while it was read")
        return data
