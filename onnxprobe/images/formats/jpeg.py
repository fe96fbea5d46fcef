"""JPEG (ITU-T T.81, 1992): segments that begin with FF and a marker."""

from typing import Final

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack
from onnxprobe.images.formats.tiff import orientation

_START_OF_SCAN, _EXIF, _END = 0xDA, 0xE1, b"\xff\xd9"
_BITS: Final = 8
_MARKER: Final = 4
"""Bytes of FF, a marker and a length."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that start a frame; the three left out define tables."""
_BARE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD9), 0xFF})
"""Markers without a length behind them, and bytes that only look like one."""


def _matches(data: bytes) -> bool:
    return data[:3] == b"\xff\xd8\xff"


def _header(data: bytes) -> Header:
    size, turned, at = None, 1, 2
    while True:
        at = data.find(b"\xff", at)  # decoders skip stray bytes between segments, so this does too
        if not 0 <= at <= len(data) - _MARKER:
            raise TruncatedError(f"it ends after {len(data)} bytes, before its picture begins")
        marker, length = data[at + 1], data[at + 2] << 8 | data[at + 3]
        if marker in _BARE:
            at += 1
            continue
        if marker in _FRAMES:
            bits, *size = unpack(">BHH", data, at + 4)
            if bits != _BITS:
                raise MalformedError(f"its samples have {bits} bits, not {_BITS}")
        if marker == _EXIF and data[at + 4 : at + 10] == b"Exif\0\0" and turned == 1:
            turned = orientation(data[at + 10 : at + 2 + length])
        at += 2 + length
        if marker == _START_OF_SCAN:
            break
    if size is None:
        raise MalformedError("its picture begins before its size is stated")
    # Inside a scan every FF is followed by 00 or a restart marker, so FF D9 is the true end; what
    # follows it (a second picture, padding) is not ours. A thumbnail's end lies before the scan.
    return Header(size[1], size[0], turned, complete=data.rfind(_END, at) >= 0)


JPEG = Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), _matches, _header)
