"""Netpbm's binary formats, P5 and P6 (netpbm.sourceforge.net/doc, pgm(5) and ppm(5))."""

import re
from typing import Final

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError

_NUMBER: Final = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,9})(?=(\D?))")
_MOST: Final = 65_535


def _matches(data: bytes) -> bool:
    return data[:2] in (b"P5", b"P6") and data[2:3].isspace()


def _header(data: bytes) -> Header:
    at, numbers = 2, []
    for _ in range(3):
        found = _NUMBER.match(data, at)
        if found is None and len(data) < at + 64:
            raise TruncatedError(f"it ends after {len(data)} bytes")
        if found is None:
            raise MalformedError("it states no size")
        numbers.append(int(found[1]))
        at = found.end(1)
    width, height, most = numbers
    if not 0 < most <= _MOST:
        raise MalformedError(f"its brightest level is {most}, not 1 to {_MOST}")
    depth = (3 if data[:2] == b"P6" else 1) * (1 if most < 256 else 2)  # noqa: PLR2004
    return Header(width, height, complete=len(data) > at + width * height * depth)


PNM = Format("PNM", (".pgm", ".pnm", ".ppm"), _matches, _header)
