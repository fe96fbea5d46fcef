"""WebP (RFC 9649, 2024): a RIFF file of one or more chunks."""

from onnxprobe.images.formats._base import Format, Header, MalformedError, unpack
from onnxprobe.images.formats.tiff import orientation

_HAS_EXIF = 0x08


def _matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _header(data: bytes) -> Header:
    (length,) = unpack("<I", data, 4)
    width, height = _size(data)
    return Header(width, height, _orientation(data), complete=length + 8 <= len(data))


def _size(data: bytes) -> tuple[int, int]:
    kind = bytes(unpack("4B", data, 12))
    if kind == b"VP8X":
        w, w_high, h, h_high = unpack("<HBHB", data, 24)
        return (w | w_high << 16) + 1, (h | h_high << 16) + 1
    if kind == b"VP8L":
        (bits,) = unpack("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = unpack("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise MalformedError(f"its first chunk is {kind!r}")


def _orientation(data: bytes) -> int:
    if data[12:16] != b"VP8X" or not data[20] & _HAS_EXIF:
        return 1
    at = 12
    while at + 8 <= len(data):
        (length,) = unpack("<I", data, at + 4)
        if data[at : at + 4] == b"EXIF":
            return orientation(data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    return 1


WEBP = Format("WebP", (".webp",), _matches, _header)
