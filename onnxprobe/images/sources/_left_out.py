"""Files of a folder that may be pictures, and are left out because of their names."""

import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from onnxprobe.errors import plural

_CAMERAS: Final = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"}
_PICTURES: Final = {
    ".avif",
    ".heic",
    ".heif",
    ".ico",
    ".j2k",
    ".jp2",
    ".jxl",
    ".psd",
    ".svg",
    ".tga",
}
_DOUBTFUL: Final = _CAMERAS | _PICTURES | {".exr", ".hdr", ".tar", ".zip"}
"""Endings of pictures in formats that are not read, and of archives of files."""


def tell_left_out(where: Path | str, files: Iterable[str]) -> None:
    """Warn of those of ``files``, which lie beside pictures and are not taken, that may be some.

    One without an ending may be: caches and stores of objects name pictures by a hash. Tables and
    notes are nobody's concern, nor are hidden files.
    """
    found = Counter(filter(None, map(_doubt, files)))
    if found:
        kinds = ", ".join(f"{count:,} {what}" for what, count in found.most_common())
        warnings.warn(
            f"{plural(found.total(), 'file')} in {str(where)!r} may hold pictures and are left out by "
            f"name ({kinds}); a text file that lists them takes pictures of any name, and an "
            "archive is a source of its own",
            RuntimeWarning,
            stacklevel=2,
        )


def _doubt(name: str) -> str:
    """Return what makes one ask; empty where nothing does."""
    last = name.rpartition("/")[2]
    if last.startswith("."):
        return ""
    _, dot, ending = last.rpartition(".")
    if not (dot and ending):
        return "without an ending"
    doubtful = f".{ending.lower()}"
    return doubtful if doubtful in _DOUBTFUL else ""
