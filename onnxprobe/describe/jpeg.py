"""What the segments of a JPEG say beside the picture (ITU-T T.81, 1992)."""

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

_START: Final = b"\xff\xd8\xff"
_TABLES, _EXIF, _SCAN = 0xDB, 0xE1, 0xDA
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_LUMINANCE: Final = np.array(
    [
        *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40),
        *(26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51),
        *(56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87),
        *(95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
    ],
    np.float64,
)
"""The standard's own table for luminance (T.81, K.1), in zigzag order, which quality 50 uses as it is."""
_MOST: Final = 255


def quality(data: bytes) -> float | None:
    """Return the quality, 0 to 100, at which the IJG library would have written these tables.

    Other encoders have tables of their own; this says how hard they pack, on the same scale.
    Nothing where ``data`` is no JPEG, or has no table.
    """
    table = next(_tables(data), None)
    if table is None:
        return None
    told = table < _MOST  # what the scaling has cut off says nothing
    if not told.any():
        return 0.0
    percent = float(100 * table[told].sum() / _LUMINANCE[told].sum())
    return round(max(0.0, (200 - percent) / 2 if percent <= 100 else 5000 / percent), 1)  # noqa: PLR2004


def exif(data: bytes) -> bytes:
    """Return the EXIF block, which is a small TIFF file; the whole of what is a TIFF itself."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return data
    blocks = (
        body for marker, body in _segments(data) if marker == _EXIF and body.startswith(b"Exif\0\0")
    )
    return next(blocks, b"").removeprefix(b"Exif\0\0")


def _tables(data: bytes) -> Iterator[np.ndarray]:
    """Yield the quantisation tables numbered 0, which luminance has, ``(64,)`` in zigzag order."""
    for marker, body in _segments(data):
        at = 0
        while marker == _TABLES and at < len(body):
            wide, number = body[at] >> 4, body[at] & 15
            length = 128 if wide else 64
            values = body[at + 1 : at + 1 + length]
            if len(values) == length and number == 0:
                yield np.frombuffer(values, ">u2" if wide else "u1").astype(np.float64)
            at += 1 + length


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of every segment before the scan."""
    if data[:3] != _START:
        return
    at = 2
    while 0 <= (at := data.find(b"\xff", at)) <= len(data) - 4:
        marker = data[at + 1]
        if marker in _BARE or marker in {0x00, 0xFF}:
            at += 1
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at + 4 : at + 2 + length]
        if marker == _SCAN:
            return
        at += 2 + length
