"""Kinds of files that hold many pictures, and several such files as one source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place
from onnxprobe.images.sources._base import Kind, Source, absent, checked, is_picture
from onnxprobe.images.sources._files import Files
from onnxprobe.images.sources._left_out import tell_left_out
from onnxprobe.images.sources.hdf5 import HDF5
from onnxprobe.images.sources.npy import NPY
from onnxprobe.images.sources.parquet import PARQUET
from onnxprobe.images.sources.tar import TAR
from onnxprobe.images.sources.zip import ZIP
from onnxprobe.waiting import together

CONTAINERS: Final = (TAR, ZIP, PARQUET, HDF5, NPY)
_OPENED_AT_ONCE: Final = 8


@dataclass(frozen=True)
class Several:
    """Archives, or shards, of one kind or of several; a name is ``archive/name in it``."""

    kind: str
    place: Place = field(repr=False)
    parts: Mapping[str, Source] = field(repr=False)

    @property
    def path(self) -> Path | str:
        """The folder they are in."""
        return self.place.path

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every picture of every archive."""
        return tuple(sorted(f"{own}/{n}" for own, part in self.parts.items() for n in part.names))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        at = name.find("/")
        while at >= 0:
            part = self.parts.get(name[:at])
            if part is not None:
                return part.read(name[at + 1 :], most)
            at = name.find("/", at + 1)
        raise absent(name)


def gathered(kind: str, place: Place, files: Sequence[str], part: str) -> Source:
    """Return the pictures among ``files``; where there are none, those in archives among them.

    Args:
        kind: what users call the source.
        place: the folder that ``files`` are paths from.
        files: of any sort.
        part: what to take of each archive.

    Raises:
        PicturesError: there are neither, an archive cannot be read, or ``part`` was asked for of
            pictures that have none.
    """
    pictures: list[str] = []
    others: list[str] = []
    for name in files:
        (pictures if is_picture(name) else others).append(name)
    archives = [] if pictures else [name for name in others if _container(name)]
    if not archives:
        if part:
            raise PicturesError(f"{str(place.path)!r} holds no archives to take {part!r} from")
        found = checked(pictures, place, len(files))
        tell_left_out(place.path, others)
        return Files(kind, place, found)
    opened = together(lambda name: _open(place.at(name), part), archives, at_once=_OPENED_AT_ONCE)
    return Several(kind, place, dict(zip(archives, opened, strict=True)))


def _container(name: str) -> Kind | None:
    ending = name.lower()
    return next((kind for kind in CONTAINERS if ending.endswith(kind.suffixes)), None)


def _open(place: Place, part: str) -> Source:
    kind = _container(place.name)
    assert kind is not None  # noqa: S101  only such are opened
    try:
        return kind.open(place, part)
    except OSError as error:
        raise PicturesError(
            f"{str(place.path)!r} cannot be read: {error.strerror or error}"
        ) from error
