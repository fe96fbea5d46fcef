"""TIFF (Adobe 1992, revision 6.0) and BigTIFF; EXIF blocks are small TIFF files as well."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack

_WIDTH, _HEIGHT, _ORIENTATION, _EXIF = 256, 257, 274, 34665
_ASCII: Final = 2
"""Type of tags that hold text."""
_EXTENTS: Final = ((273, 279), (324, 325))
"""Tags that say where the strips or tiles lie, and how long they are."""
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 16: "Q"}
"""Types of tags that hold whole numbers, and how ``struct`` calls them."""
_BYTES: Final = dict(enumerate((1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), start=1)) | {
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes that one value of a type takes."""
_SIDEWAYS: Final = 5


@dataclass(frozen=True, slots=True)
class _Directory:
    data: bytes
    order: str
    big: bool
    offset: int

    def entries(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield tag, type, count and where the values lie, for every entry."""
        (entries,) = unpack(self.order + ("Q" if self.big else "H"), self.data, self.offset)
        start, step = self.offset + (8 if self.big else 2), 20 if self.big else 12
        layout = self.order + ("HHQ" if self.big else "HHI")
        for at in range(start, start + entries * step, step):
            tag, kind, count = unpack(layout, self.data, at)
            yield tag, kind, count, self._values(kind, count, at + (12 if self.big else 8))

    def _values(self, kind: int, count: int, at: int) -> int:
        room, word = (8, "Q") if self.big else (4, "I")
        length = count * _BYTES.get(kind, 0)
        if length > room:  # too long to lie in the entry itself
            (at,) = unpack(self.order + word, self.data, at)
        if at + length > len(self.data):
            raise TruncatedError(f"it ends after {len(self.data)} bytes")
        return at

    def numbers(self, wanted: int) -> tuple[int, ...]:
        """Return the numbers of one tag; none where the tag is absent or holds no numbers."""
        for tag, kind, count, at in self.entries():
            if tag == wanted and kind in _NUMBERS:
                return unpack(f"{self.order}{count}{_NUMBERS[kind]}", self.data, at)
        return ()


def _first_directory(data: bytes) -> _Directory:
    order = "<" if data[:2] == b"II" else ">"
    big = unpack(order + "H", data, 2) == (43,)
    (offset,) = unpack(order + ("Q" if big else "I"), data, 8 if big else 4)
    return _Directory(data, order, big, offset)


def texts(data: bytes) -> dict[int, str]:
    """Return the texts that a TIFF or an EXIF block states, by tag; none where it is neither.

    Those of the EXIF directory behind the first are among them.
    """
    found: dict[int, str] = {}
    if not _matches(data):
        return found
    try:
        first = _first_directory(data)
        more = first.numbers(_EXIF)
        behind = [_Directory(data, first.order, first.big, more[0])] if more else []
        for directory in (first, *behind):
            for tag, kind, count, at in directory.entries():
                if kind == _ASCII:
                    raw = data[at : at + count].split(b"\0")[0]
                    found[tag] = raw.decode("utf-8", "backslashreplace")
    except TruncatedError:
        return found
    return found


def orientation(data: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block states; 1 where it states none."""
    if not _matches(data):
        return 1
    try:
        said = _first_directory(data).numbers(_ORIENTATION)
    except TruncatedError:
        return 1
    return said[0] if said and 1 <= said[0] <= 8 else 1  # noqa: PLR2004  EXIF counts to eight


def _matches(data: bytes) -> bool:
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _header(data: bytes) -> Header:
    directory = _first_directory(data)
    width, height = directory.numbers(_WIDTH), directory.numbers(_HEIGHT)
    if not width or not height:
        raise MalformedError("it states no size")
    complete = all(
        offset + length <= len(data)
        for where, how_long in _EXTENTS
        for offset, length in zip(
            directory.numbers(where), directory.numbers(how_long), strict=False
        )
    )
    # OpenCV turns TIFFs upright by itself, whatever it is asked, so only the size is turned here.
    if orientation(data) >= _SIDEWAYS:
        width, height = height, width
    return Header(width[0], height[0], complete=complete)


TIFF = Format("TIFF", (".tif", ".tiff"), _matches, _header)
