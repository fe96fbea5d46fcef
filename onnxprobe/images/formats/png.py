"""PNG (W3C 2003, third edition 2025): chunks of length, name, content and checksum."""

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack
from onnxprobe.images.formats.tiff import orientation


def _matches(data: bytes) -> bool:
    return data[:8] == b"\x89PNG\r\n\x1a\n"


def _header(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        if len(data) < 16:  # noqa: PLR2004
            raise TruncatedError(f"it ends after {len(data)} bytes")
        raise MalformedError("its first chunk is not IHDR")
    width, height = unpack(">II", data, 16)
    at, turned, complete = 8, 1, False
    while at + 12 <= len(data) and not complete:
        (length,) = unpack(">I", data, at)
        name = data[at + 4 : at + 8]
        if name == b"eXIf":
            turned = orientation(data[at + 8 : at + 8 + length])
        complete = name == b"IEND"
        at += 12 + length
    return Header(width, height, turned, complete=complete and at <= len(data))


PNG = Format("PNG", (".png", ".apng"), _matches, _header)
