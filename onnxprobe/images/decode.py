"""From the bytes of a file to an upright RGB picture, or to what is wrong with them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.images.alpha import composite
from onnxprobe.images.complaints import complaints
from onnxprobe.images.formats import (
    Format,
    Header,
    MalformedError,
    TruncatedError,
    format_of,
    said_of,
)
from onnxprobe.images.formats.jpeg import JPEG
from onnxprobe.images.formats.tiff import TIFF
from onnxprobe.images.orientation import sideways, upright
from onnxprobe.images.status import Status

MAX_PIXELS: Final = 1 << 27
"""Pixels above which a picture is refused undecoded: 134 megapixels, 0.4 GB as RGB."""
_PIXEL_BYTES: Final = 8
"""Of the longest pixels there are: four channels of 16 bits."""
_SHORTEST_LIMIT: Final = 1 << 26
"""Bytes that a file may have in any case; it may hold much that is no pixel."""
MIN_SIDE: Final = 4
"""Pixels below which a side shows nothing: tracking pixels, spacers."""
_LOST: Final = re.compile(
    "[Pp]remature end of|bad (Huffman|arithmetic) code|instead of RST|bytes before marker 0xd[0-7]"
)
"""What libjpeg says where it shows grey for what it could not read. It speaks of extraneous bytes
before other markers too, but cameras write such behind pictures that are whole."""
_ERROR: Final = re.compile("Corrupt|error")
"""What libjpeg and libpng say of what they cannot read, as opposed to a mere warning."""
_REDUCED: Final = {
    8: cv2.IMREAD_REDUCED_COLOR_8,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    2: cv2.IMREAD_REDUCED_COLOR_2,
}

Pixels = NDArray[np.uint8]
Need = Callable[[int, int], tuple[int, int]]
"""From the height and width of a picture to the height and width that will do for what follows."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture, or why there is none.

    Attributes:
        status: ``Status.OK`` if and only if there are pixels.
        pixels: uint8 RGB ``(h, w, 3)``; may be smaller than the picture, see ``decode``.
        width: of the upright picture, in pixels; 0 where unknown.
        height: of the upright picture, in pixels; 0 where unknown.
        error: what is wrong, for people; empty where nothing is.
    """

    status: Status
    pixels: Pixels | None = None
    width: int = 0
    height: int = 0
    error: str = ""


def longest(max_pixels: int) -> int:
    """Return how many bytes the file of a picture may have that has at most ``max_pixels``.

    A longer one is no picture, or one of many pages, and does not belong into memory.
    """
    return max(_PIXEL_BYTES * max_pixels, _SHORTEST_LIMIT)


def decode(
    data: bytes,
    *,
    alpha: str = "white",
    orientation: str = "exif",
    need: Need | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Decoded:
    """Decode one picture; every way in which that can fail is a status, not an exception.

    Formats are told by content, whatever the file is called. The first frame of an animation is
    taken, 16 bits are scaled to 8, grey, palette and CMYK become RGB.

    Args:
        data: the file.
        alpha: what shines through transparent pixels, one of ``ALPHAS``.
        orientation: ``"exif"`` turns pictures upright, ``"stored"`` leaves them as they lie.
        need: where given, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size, the smallest that
            still is what it asks for (libjpeg then transforms fewer coefficients; the result is
            close to a mean over blocks).
        max_pixels: a larger picture is refused by its header, before anything is decoded.
    """
    found = _looked_at(data)
    if isinstance(found, Decoded):
        return found
    kind, header = found
    turned = 1 if orientation == "stored" else header.orientation
    width, height = header.width, header.height
    if sideways(turned):
        width, height = height, width
    refused = _refusal(header, max_pixels)
    if refused is not None:
        return Decoded(refused[0], None, width, height, f"{kind.name}: {refused[1]}")
    try:
        kind.verify(data)
    except (TruncatedError, MalformedError) as error:
        return Decoded(Status.DECODE_ERROR, None, width, height, f"{kind.name}: {error}")
    with complaints() as said:
        raw = _raw(kind, data, need, (height, width))
    lost = next(filter(_LOST.search, said), None)
    if raw is None or lost is not None:
        why = lost or next(
            filter(_ERROR.search, said), f"OpenCV {cv2.__version__} cannot decode it"
        )
        return Decoded(Status.DECODE_ERROR, None, width, height, f"{kind.name}: {why}")
    if raw.dtype not in (np.uint8, np.uint16):
        why = f"{kind.name}: its samples are {raw.dtype}, not 8 or 16 bit whole numbers"
        return Decoded(Status.DECODE_ERROR, None, width, height, why)
    pixels = composite(_eight_bit(raw), alpha, premultiplied=kind is TIFF)
    return Decoded(Status.OK, upright(pixels, turned), width, height)


def _looked_at(data: bytes) -> tuple[Format, Header] | Decoded:
    if not data:
        return Decoded(Status.EMPTY, error="the file has no bytes")
    kind = format_of(data)
    if kind is None:
        return Decoded(Status.NOT_AN_IMAGE, error=said_of(data))
    try:
        return kind, kind.header(data)
    except TruncatedError as error:
        return Decoded(Status.TRUNCATED, error=f"{kind.name}: {error}")
    except MalformedError as error:
        return Decoded(Status.DECODE_ERROR, error=f"{kind.name}: {error}")


def _refusal(header: Header, max_pixels: int) -> tuple[Status, str] | None:
    size = f"{header.width}×{header.height} pixels"
    if header.width * header.height > max_pixels:
        return Status.TOO_LARGE, f"{size} are more than the limit of {max_pixels:,}"
    if not header.complete:
        return Status.TRUNCATED, "the file ends before the picture does"
    if min(header.width, header.height) < MIN_SIDE:
        return Status.TOO_SMALL, f"{size}; a side must have {MIN_SIDE}"
    return None


def _raw(
    kind: Format, data: bytes, need: Need | None, size: tuple[int, int]
) -> NDArray[Any] | None:
    flags = cv2.IMREAD_UNCHANGED
    if kind is JPEG:
        flags = _reduction(need, size) | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        return kind.pixels(data) if kind.pixels is not None else _imdecode(data, flags)
    except (cv2.error, MemoryError):
        return None


def _reduction(need: Need | None, size: tuple[int, int]) -> int:
    if need is not None:
        wanted = need(*size)
        for factor, flag in _REDUCED.items():
            if all(-(-s // factor) >= w for s, w in zip(size, wanted, strict=True)):
                return int(flag)
    return int(cv2.IMREAD_COLOR)


def _imdecode(data: bytes, flags: int) -> NDArray[Any] | None:
    raw: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return raw


def _eight_bit(raw: NDArray[Any]) -> Pixels:
    if raw.dtype == np.uint8:
        return raw
    return ((raw.astype(np.uint32) + 128) // 257).astype(np.uint8)
