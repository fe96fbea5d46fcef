"""A tar archive, WebDataset shards among them, read in place.

The headers are walked once, then every picture is one read. A sample of a WebDataset is the members
whose names agree up to the first dot (its ``__key__``), so each of its pictures has a name of its
own; where it has several, ``shard.tar#jpg`` or ``#seg.png`` takes those that end so.
"""

import posixpath
import tarfile
from pathlib import Path
from typing import ClassVar, Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Opened, Place, buffered, require_at_most
from onnxprobe.images.sources._base import HEAD, Held, Kind, absent, checked, ending_in, is_picture

_COMPRESSED: Final = {
    b"\x1f\x8b": "gzip -d",
    b"BZh": "bzip2 -d",
    b"\xfd7zXZ": "xz -d",
    b"\x28\xb5\x2f\xfd": "zstd -d",
}
_PACKED: Final = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
"""Endings of archives that are found in a folder to say that they must be unpacked."""
_Stretch = tuple[int, int]
"""First byte, and the one after the last."""


class Tar(Held):
    """Pictures in an uncompressed tar; of members with one name the last counts, as for ``tar``."""

    kind: ClassVar[str] = "tar"

    def __init__(self, place: Place, ending: str = "") -> None:
        """Index the archive, of which members that end in ``ending`` are taken.

        Raises:
            PicturesError: it is damaged, or holds no pictures.
        """
        self.path: Path | str = place.path
        self._file = place.opened()
        try:
            places, others = _index(self._file)
        except (tarfile.TarError, OSError) as error:
            _require_unpacked(place, place.head(HEAD))
            raise PicturesError(
                f"{str(self.path)!r} is no tar archive, or one that is damaged or cut short: {error}"
            ) from None
        self._places = {name: places[name] for name in ending_in(places, ending, place)}
        self.names = checked(self._places, place, others + len(places))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        if name not in self._places:
            raise absent(name)
        stretch = self._places[name]
        if stretch is None:
            raise OSError("it is a link to a file that is not in the archive")
        start, stop = stretch
        require_at_most(stop - start, most)
        return self._file.read(start, stop)


def _index(file: Opened) -> tuple[dict[str, _Stretch | None], int]:
    places: dict[str, _Stretch | None] = {}
    links, others = {}, 0
    with tarfile.open(fileobj=buffered(file), mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # else it keeps every header
            if not is_picture(member.name):
                others += member.isfile()
            elif member.islnk() or member.issym():
                links[member.name] = _target(member)
            elif member.isfile():
                start = member.offset_data
                places[member.name] = (start, start + member.size)
    return places | {name: places.get(target) for name, target in links.items()}, others


def _target(link: tarfile.TarInfo) -> str:
    if link.islnk():
        return link.linkname
    return posixpath.normpath(posixpath.join(posixpath.dirname(link.name), link.linkname))


def _require_unpacked(place: Place, head: bytes) -> None:
    packed = next((how for magic, how in _COMPRESSED.items() if head.startswith(magic)), None)
    if packed is not None:
        raise PicturesError(
            f"{str(place.path)!r} is compressed, so single pictures cannot be read from it; unpack "
            f"it first with: {packed} {place.name}"
        )


def _matches(place: Place, head: bytes) -> bool:
    _require_unpacked(place, head)
    return head[257:262] == b"ustar" or (place.name.endswith(".tar") and b"\0" in head)


TAR = Kind("tar", _matches, Tar, (".tar", *_PACKED), part="an ending such as jpg or seg.png")
