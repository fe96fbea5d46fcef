"""Places that pictures are read from: files and folders, on a disk or behind a URL."""

import re
from pathlib import Path
from typing import Final

from onnxprobe.images.places._base import Opened, Place, TooLongError, require_at_most
from onnxprobe.images.places.clients import AT_ONCE
from onnxprobe.images.places.local import LocalPlace
from onnxprobe.images.places.patience import PATIENCE, Patience
from onnxprobe.images.places.ranges import buffered
from onnxprobe.images.places.remote import RemotePlace

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(://|::)")
_LOCAL: Final = re.compile(r"(file|local)://")


def is_url(where: str) -> bool:
    """Whether ``where`` is a URL, and not a path on this machine."""
    return bool(_URL.match(where)) and not _LOCAL.match(where)


def place_of(where: str | Path, patience: Patience = PATIENCE) -> Place:
    """Return the place that a path or a URL names; nothing is looked at yet.

    Raises:
        MissingExtraError: a URL needs fsspec, which is not installed.
        PicturesError: no installed file system knows URLs of this kind.
    """
    text = str(where)
    if is_url(text):
        return RemotePlace.of(text, patience, place_of)
    return LocalPlace(Path(_LOCAL.sub("", text)), patience, place_of)


__all__ = [
    "AT_ONCE",
    "PATIENCE",
    "Opened",
    "Patience",
    "Place",
    "TooLongError",
    "buffered",
    "is_url",
    "place_of",
    "require_at_most",
]
