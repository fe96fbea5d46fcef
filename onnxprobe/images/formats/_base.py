"""What a picture format is: how to tell it, and what its first bytes say."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class TruncatedError(Exception):
    """The bytes end before the picture does."""


class MalformedError(Exception):
    """The bytes are not what the format prescribes."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of its picture before anything is decoded.

    Attributes:
        width: in pixels, as stored.
        height: in pixels, as stored.
        orientation: 1 to 8 as in EXIF; 1 is upright.
        complete: whether the file reaches its own end.
    """

    width: int
    height: int
    orientation: int = 1
    complete: bool = True


def _nothing_to_verify(_data: bytes) -> None:
    """Leave it to the decoder, which says what is wrong."""


@dataclass(frozen=True, slots=True)
class Format:
    """A picture format.

    Attributes:
        name: as people write it.
        suffixes: file name endings, with the dot, lower case.
        matches: whether bytes begin like a file of this format.
        header: reads the header; raises ``TruncatedError`` or ``MalformedError``.
        verify: finds damage that the decoder shows as black and says nothing of; raises the same. It may
            take as long as decoding, so it comes after the size is known to be small enough.
        pixels: decodes a complete file as OpenCV would if it did so rightly, to grey ``(h, w)`` or BGR
            ``(h, w, 3)``; ``None`` where it does.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    header: Callable[[bytes], Header]
    verify: Callable[[bytes], None] = _nothing_to_verify
    pixels: Callable[[bytes], NDArray[np.uint8]] | None = None


def unpack(layout: str, data: bytes, offset: int) -> tuple[int, ...]:
    """Read whole numbers as ``struct`` does.

    Raises:
        TruncatedError: ``data`` ends before.
    """
    try:
        return struct.unpack_from(layout, data, offset)
    except (struct.error, OverflowError):  # an offset that no file is long enough for
        raise TruncatedError(f"it ends after {len(data)} bytes") from None
