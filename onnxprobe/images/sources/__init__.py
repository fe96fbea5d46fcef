"""Where pictures come from."""

from pathlib import Path
from typing import Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.formats import format_of, named
from onnxprobe.images.places import AT_ONCE, PATIENCE, Patience, Place, is_url, place_of
from onnxprobe.images.sources._base import HEAD, Kind, Source
from onnxprobe.images.sources._containers import CONTAINERS
from onnxprobe.images.sources.folder import FOLDER
from onnxprobe.images.sources.glob import GLOB
from onnxprobe.images.sources.text import TEXT
from onnxprobe.registry import Registry

SOURCES: Final = Registry("source of pictures", [GLOB, FOLDER, *CONTAINERS, TEXT])
_KINDS: Final = (
    "pictures come from a folder, a pattern, a .tar, .zip, .parquet, .h5 or .npy, or a text file "
    "with one path a line"
)


def open_source(where: str | Path, *, patience: Patience = PATIENCE) -> Source:
    """Open what pictures come from: a path, a pattern such as ``shards/*.tar``, or a URL.

    A folder or a pattern may lead to pictures, or to archives of pictures. What follows ``#`` is
    the part that is wanted: a column of a Parquet file, a dataset of an HDF5 file, an ending in a
    tar or a zip.

    Args:
        where: as users write it.
        patience: with what is behind a URL.

    Raises:
        PicturesError: it is none of these, it cannot be read, or there are no pictures in it.
        NoSuchNameError: there is no such part.
        MissingExtraError: it is a URL, and fsspec is not installed.
    """
    if not str(where):
        raise PicturesError(f"pictures come from '', which names nothing; {_KINDS}")
    place, part = _asked(str(where), patience)
    shown = str(place.path)
    try:
        kind, head = _kind(place)
        if kind is None or format_of(head) is not None:
            raise PicturesError(f"{shown!r} is {_instead(head)}; {_KINDS}")
        if part and not kind.part:
            raise PicturesError(
                f"{shown!r} is a {kind.name}, of which no part {part!r} can be taken"
            )
        return kind.open(place, part)
    except FileNotFoundError:
        raise PicturesError(f"there is no folder or file {shown!r}") from None
    except OSError as error:
        raise PicturesError(f"{shown!r} cannot be read: {error.strerror or error}") from None


def reads_at_once(source: Source) -> int:
    """Return how many reads at once ``source`` is worth: 1 from a disk, more where one waits."""
    far = is_url(str(source.path)) or is_url(source.names[0])  # a list here may name URLs
    return AT_ONCE if far else 1


def absolute(where: str | Path) -> str:
    """Return ``where`` as it is understood from any folder; a URL stays what it is."""
    text = str(where)
    return text if is_url(text) else str(Path(text).resolve())


def _instead(head: bytes) -> str:
    return "one picture" if format_of(head) is not None else named(head) or "none of these"


def _asked(text: str, patience: Patience) -> tuple[Place, str]:
    """Split off the part; a ``#`` in the name of a file that is there is no sign of one."""
    place = place_of(text, patience)
    before, mark, part = text.rpartition("#")
    if not mark or (not is_url(text) and place.exists()):
        return place, ""
    return place_of(before, patience), part


def _kind(place: Place) -> tuple[Kind | None, bytes]:
    head = b""
    if not (GLOB.matches(place, head) or FOLDER.matches(place, head)):
        head = place.head(HEAD)
    return next((kind for kind in SOURCES.values() if kind.matches(place, head)), None), head


__all__ = ["SOURCES", "Kind", "Source", "absolute", "open_source", "reads_at_once"]
