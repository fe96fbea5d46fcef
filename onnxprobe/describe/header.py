"""What the file around a picture says: where it lies, how it was packed, what it was taken with."""

import re
from pathlib import PurePosixPath
from typing import Final

from onnxprobe.describe import jpeg
from onnxprobe.describe._base import Attribute, Seen, Value
from onnxprobe.images.formats import format_of
from onnxprobe.images.formats.tiff import texts
from onnxprobe.images.names import printable

_MAKE, _MODEL, _CHANGED, _TAKEN = 271, 272, 306, 36867
_YEAR: Final = re.compile(r"\s*(\d{4})[:\-/]")


def _folder(seen: Seen) -> Value:
    parent = str(PurePosixPath(printable(seen.name)).parent)
    return None if parent == "." else parent


def _format(seen: Seen) -> Value:
    found = format_of(seen.data)
    return None if found is None else found.name


def _bytes(seen: Seen) -> Value:
    pixels = seen.decoded.width * seen.decoded.height
    return len(seen.data) / pixels if pixels else None


def _quality(seen: Seen) -> Value:
    return jpeg.quality(seen.data)


def _camera(seen: Seen) -> Value:
    said = texts(jpeg.exif(seen.data))
    make, model = said.get(_MAKE, "").strip(), said.get(_MODEL, "").strip()
    known = model if model.startswith(make) else f"{make} {model}"
    return known.strip() or None


def _year(seen: Seen) -> Value:
    said = texts(jpeg.exif(seen.data))
    found = _YEAR.match(said.get(_TAKEN, "") or said.get(_CHANGED, ""))
    return float(found[1]) if found and int(found[1]) else None


FOLDER = Attribute("folder", "folder of the picture in its source", _folder)
FORMAT = Attribute("format", "of the file, told by its content", _format)
BYTES = Attribute("bytes per pixel", "of the file", _bytes, "simple or packed hard", "detailed")
JPEG_QUALITY = Attribute(
    "JPEG quality",
    "0 to 100, from the quantisation tables as the IJG library scales them",
    _quality,
    "packed hard",
    "packed softly",
)
CAMERA = Attribute("camera", "make and model, from EXIF", _camera)
YEAR = Attribute("year", "in which it was taken, from EXIF", _year, "old", "new")
