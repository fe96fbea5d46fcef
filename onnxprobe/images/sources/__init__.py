"""Where pictures come from."""

from pathlib import Path
from typing import Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.formats import format_of
from onnxprobe.images.sources._base import Kind, Source
from onnxprobe.images.sources.folder import FOLDER
from onnxprobe.images.sources.tar import TAR
from onnxprobe.images.sources.text import TEXT
from onnxprobe.images.sources.zip import ZIP
from onnxprobe.registry import Registry

SOURCES: Final = Registry("source of pictures", [FOLDER, TAR, ZIP, TEXT])


def open_source(path: str | Path) -> Source:
    """Open a folder, a ``.tar``, a ``.zip`` or a text file with one path a line.

    Raises:
        PicturesError: it is none of these, it cannot be read, or there are no pictures in it.
    """
    path = Path(path)
    if not path.exists():
        raise PicturesError(f"there is no folder or file {str(path)!r}")
    try:
        kind = next((kind for kind in SOURCES.values() if kind.matches(path)), None)
        if kind is not None and not _is_one_picture(path):
            return kind.open(path)
    except OSError as error:
        raise PicturesError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    what = "is one picture" if _is_one_picture(path) else "is none of these"
    raise PicturesError(
        f"{str(path)!r} {what}; pictures come from a folder, a .tar, a .zip, or a text file with "
        "one path a line"
    )


def _is_one_picture(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return format_of(file.read(512)) is not None


__all__ = ["SOURCES", "Kind", "Source", "open_source"]
