"""Netpbm's binary formats, P5 and P6 (netpbm.sourceforge.net/doc, pgm(5) and ppm(5))."""

import re
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError

_NUMBER: Final = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])+(\d{1,9})(?=(\D?))")
_MOST: Final = 65_535
_WHITE: Final = 255


def _matches(data: bytes) -> bool:
    return data[:2] in (b"P5", b"P6") and data[2:3].isspace()


@dataclass(frozen=True, slots=True)
class _Raster:
    width: int
    height: int
    channels: int
    most: int
    start: int

    @property
    def depth(self) -> int:
        return 1 if self.most < 256 else 2  # noqa: PLR2004

    @property
    def stop(self) -> int:
        return self.start + self.width * self.height * self.channels * self.depth


def _raster(data: bytes) -> _Raster:
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
    return _Raster(width, height, 3 if data[:2] == b"P6" else 1, most, at + 1)


def _header(data: bytes) -> Header:
    raster = _raster(data)
    return Header(raster.width, raster.height, complete=len(data) >= raster.stop)


def _pixels(data: bytes) -> NDArray[np.uint8]:
    """Scale the brightest level, whatever it is, to 255; OpenCV takes it for 255 or 65,535."""
    raster = _raster(data)
    shape = (raster.height, raster.width, raster.channels)[: 2 if raster.channels == 1 else 3]
    kind = np.dtype(f">u{raster.depth}")
    stored = np.frombuffer(data, kind, prod(shape), raster.start).reshape(shape)
    if raster.most != _WHITE:
        levels = stored.astype(np.uint32).clip(max=raster.most)
        stored = ((levels * _WHITE + raster.most // 2) // raster.most).astype(np.uint8)
    return np.ascontiguousarray(stored[..., ::-1] if raster.channels > 1 else stored)


PNM = Format("PNM", (".pgm", ".pnm", ".ppm"), _matches, _header, pixels=_pixels)
