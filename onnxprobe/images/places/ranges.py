"""What looks like a file to libraries, over reads of parts."""

import io
from typing import BinaryIO, Final, cast

from onnxprobe.images.places._base import Opened

_BLOCK: Final = 1 << 20
"""Bytes asked for at a time while an archive is walked: about what one round trip is worth."""


class _Ranges(io.RawIOBase):
    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self._opened, self._at = opened, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._opened.size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        stop = min(self._at + len(buffer), self._opened.size)
        if stop <= self._at:
            return 0
        data = self._opened.read(self._at, stop)
        buffer[: len(data)] = data
        self._at = stop
        return len(data)


def buffered(opened: Opened, block: int = _BLOCK) -> BinaryIO:
    """Return a file to read ``opened`` through, ``block`` bytes at a time; for one thread."""
    return cast("BinaryIO", io.BufferedReader(_Ranges(opened), block))
