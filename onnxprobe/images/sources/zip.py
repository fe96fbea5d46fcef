"""A zip archive; ``zipfile`` itself keeps reads of several threads apart."""

import struct
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path
from typing import ClassVar, Final

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place, require_at_most
from onnxprobe.images.sources._base import Held, Kind, absent, checked, ending_in, is_picture

_FAILURES: Final = (
    zipfile.BadZipFile,
    EOFError,
    LZMAError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What ``zipfile`` raises of a member that is damaged, needs a password, or is packed in a way it
does not know."""


class Zip(Held):
    """Pictures in a zip archive."""

    kind: ClassVar[str] = "zip"

    def __init__(self, place: Place, ending: str = "") -> None:
        """Index the archive, of which members that end in ``ending`` are taken.

        Raises:
            PicturesError: it is damaged, or holds no pictures.
        """
        self.path: Path | str = place.path
        try:
            self._archive = zipfile.ZipFile(place.for_library())
        except (zipfile.BadZipFile, OSError) as error:
            raise PicturesError(
                f"{str(self.path)!r} is no zip archive, or one that is damaged or cut short: {error}"
            ) from None
        files = {entry.filename for entry in self._archive.infolist() if not entry.is_dir()}
        pictures = ending_in(filter(is_picture, sorted(files)), ending, place)
        self.names = checked(pictures, place, len(files))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        entry = self._archive.NameToInfo.get(name)
        if entry is None:
            raise absent(name)
        require_at_most(entry.file_size, most)
        try:
            return self._archive.read(name)
        except _FAILURES as error:
            raise OSError(str(error)) from error


def _matches(place: Place, head: bytes) -> bool:
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06") or place.name.lower().endswith(".zip")


ZIP = Kind("zip", _matches, Zip, (".zip",), part="an ending such as jpg")
