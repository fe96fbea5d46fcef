"""A tar archive, read in place: the headers are walked once, then every picture is one read."""

import os
import posixpath
import tarfile
import weakref
from pathlib import Path
from typing import ClassVar, Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.sources._base import Kind, checked, is_picture

_COMPRESSED: Final = {
    b"\x1f\x8b": "gzip -d",
    b"BZh": "bzip2 -d",
    b"\xfd7zXZ": "xz -d",
    b"\x28\xb5\x2f\xfd": "zstd -d",
}
_Place = tuple[int, int]
"""Offset and length in bytes."""


class Tar:
    """Pictures in an uncompressed tar; of members with one name the last counts, as for ``tar``."""

    kind: ClassVar[str] = "tar"

    def __init__(self, path: Path) -> None:
        """Index the archive.

        Raises:
            PicturesError: it is damaged, or holds no pictures.
        """
        self.path = path
        self._places, others = _index(path)
        self.names = checked(list(self._places), path, others)
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def read(self, name: str) -> bytes:
        """Return the bytes of one picture."""
        place = self._places[name]
        if place is None:
            raise OSError("it is a link to a file that is not in the archive")
        offset, length = place
        data = os.pread(self._file, length, offset)
        if len(data) != length:
            raise OSError(f"{str(self.path)!r} ends within it")
        return data


def _index(path: Path) -> tuple[dict[str, _Place | None], int]:
    places: dict[str, _Place | None] = {}
    links, others = {}, 0
    try:
        with tarfile.open(path, "r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # else it keeps every header
                if not is_picture(member.name):
                    others += member.isfile()
                elif member.islnk() or member.issym():
                    links[member.name] = _target(member)
                elif member.isfile():
                    places[member.name] = (member.offset_data, member.size)
    except (tarfile.TarError, OSError) as error:
        raise PicturesError(
            f"{str(path)!r} is no tar archive, or one that is damaged or cut short: {error}"
        ) from None
    return places | {name: places.get(target) for name, target in links.items()}, others


def _target(link: tarfile.TarInfo) -> str:
    if link.islnk():
        return link.linkname
    return posixpath.normpath(posixpath.join(posixpath.dirname(link.name), link.linkname))


def _matches(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(512)
    packed = next((how for magic, how in _COMPRESSED.items() if head.startswith(magic)), None)
    if packed is not None:
        raise PicturesError(
            f"{str(path)!r} is compressed, so single pictures cannot be read from it; unpack it "
            f"first with: {packed} {path.name}"
        )
    return head[257:262] == b"ustar" or (path.suffix == ".tar" and tarfile.is_tarfile(path))


TAR = Kind("tar", _matches, Tar)
