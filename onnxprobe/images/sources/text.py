"""A text file with the path, or the URL, of one picture a line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from onnxprobe.errors import PicturesError
from onnxprobe.images.formats import named
from onnxprobe.images.names import from_bytes
from onnxprobe.images.places import Place
from onnxprobe.images.sources._base import Kind, checked, distinct

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextList:
    """Pictures named in a text file; relative paths start at the folder of that file.

    A file that is listed twice has two rows, the second called ``name#2``.
    """

    kind: ClassVar[str] = "list"
    place: Place = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    repeated: Mapping[str, str] = field(repr=False)

    @property
    def path(self) -> Path | str:
        """The list."""
        return self.place.path

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        try:
            return self.place.beside(self.repeated.get(name, name)).read(most)
        except PicturesError as error:  # a line that looks like a URL, of no kind that is known
            raise OSError(str(error)) from error


def _open(place: Place, _part: str) -> TextList:
    lines = place.read().removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").split(b"\n")
    listed = distinct(from_bytes(line) for line in lines if line.strip())
    if not listed:
        raise PicturesError(f"no pictures in {str(place.path)!r}: the list is empty")
    repeated = {name: line for name, line in listed.items() if name != line}
    return TextList(place, checked(listed, place, 0), repeated)


def _matches(_place: Place, head: bytes) -> bool:
    return b"\0" not in head and not named(head)


TEXT = Kind("list", _matches, _open)
