"""PNG (W3C 2003, third edition 2025): chunks of length, name, content and checksum."""

from typing import Final
from zlib import crc32

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack
from onnxprobe.images.formats.tiff import orientation

_OPTIONAL: Final = 0x20
"""A bit of a chunk's name: decoders skip such a chunk where its checksum is wrong. Of others, which
they need, they compare the checksums themselves; of animations OpenCV compares none."""


def _matches(data: bytes) -> bool:
    return data[:8] == b"\x89PNG\r\n\x1a\n"


def _header(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        if len(data) < 16:  # noqa: PLR2004
            raise TruncatedError(f"it ends after {len(data)} bytes")
        raise MalformedError("its first chunk is not IHDR")
    width, height = unpack(">II", data, 16)
    at, turned, animated, complete = 8, 1, False, False
    while at + 12 <= len(data) and not complete:
        (length,) = unpack(">I", data, at)
        name, content = data[at + 4 : at + 8], slice(at + 8, at + 8 + length)
        at += 12 + length
        if at > len(data):
            break
        animated |= name == b"acTL"
        if animated or name[0] & _OPTIONAL:
            _check(name, data[content], unpack(">I", data, content.stop))
        if name == b"eXIf":
            turned = orientation(data[content])
        complete = name == b"IEND"
    return Header(width, height, turned, complete=complete)


def _check(name: bytes, content: bytes, stated: tuple[int, ...]) -> None:
    if stated != (crc32(content, crc32(name)),):
        raise MalformedError(f"the checksum of its chunk {name!r} is wrong")


PNG = Format("PNG", (".png", ".apng"), _matches, _header)
