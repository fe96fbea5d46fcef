"""A text file with the path of one picture a line."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from onnxprobe.errors import PicturesError
from onnxprobe.images.names import from_bytes
from onnxprobe.images.sources._base import Kind, checked

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class TextList:
    """Pictures named in a text file; relative paths start at the folder of that file.

    A file that is listed twice has two rows.
    """

    kind: ClassVar[str] = "list"
    path: Path
    names: tuple[str, ...] = field(repr=False)

    def read(self, name: str) -> bytes:
        """Return the bytes of one picture."""
        return (self.path.parent / name).read_bytes()


def _open(path: Path) -> TextList:
    lines = path.read_bytes().removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").split(b"\n")
    names = [from_bytes(line) for line in lines if line.strip()]
    if not names:
        raise PicturesError(f"no pictures in {str(path)!r}: the list is empty")
    return TextList(path, checked(names, path, 0))


def _matches(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" not in file.read(4096)


TEXT = Kind("list", _matches, _open)
