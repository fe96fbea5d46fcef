"""BMP (Microsoft, Windows 3.0, 1990; OS/2 1.x headers as well)."""

from typing import Final

from onnxprobe.images.formats._base import Format, Header, unpack

_OLD_HEADER: Final = 12
_PLAIN: Final = frozenset({0, 3, 6})
"""Compressions whose rows have a known length: none, and bit fields."""


def _matches(data: bytes) -> bool:
    return data[:2] == b"BM" and data[6:10] == bytes(4)


def _header(data: bytes) -> Header:
    start, size = unpack("<II", data, 10)
    if size == _OLD_HEADER:
        width, height, _, bits = unpack("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = unpack("<iiHHI", data, 18)
    height = abs(height)  # negative: the first row is the top one
    row = (width * bits + 31) // 32 * 4
    plain = compression in _PLAIN
    return Header(width, height, complete=not plain or start + row * height <= len(data))


BMP = Format("BMP", (".bmp", ".dib"), _matches, _header)
