"""Picture formats: told by their first bytes, their headers read before anything is decoded."""

from typing import Final

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError
from onnxprobe.images.formats.bmp import BMP
from onnxprobe.images.formats.foreign import named, said_of
from onnxprobe.images.formats.gif import GIF
from onnxprobe.images.formats.jpeg import JPEG
from onnxprobe.images.formats.png import PNG
from onnxprobe.images.formats.pnm import PNM
from onnxprobe.images.formats.tiff import TIFF
from onnxprobe.images.formats.webp import WEBP
from onnxprobe.registry import Registry

FORMATS: Final = Registry("picture format", [BMP, GIF, JPEG, PNG, PNM, TIFF, WEBP])
SUFFIXES: Final = tuple(sorted(end for known in FORMATS.values() for end in known.suffixes))
"""Endings by which pictures are recognised in folders and archives, lower case."""


def format_of(data: bytes) -> Format | None:
    """Return the format that ``data`` begins like, whatever the file is called."""
    return next((known for known in FORMATS.values() if known.matches(data)), None)


__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "Header",
    "MalformedError",
    "TruncatedError",
    "format_of",
    "named",
    "said_of",
]
