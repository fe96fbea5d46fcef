"""TIFF (Adobe 1992, revision 6.0) and BigTIFF; EXIF blocks are small TIFF files as well."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onnxprobe.images.formats._base import Format, Header, MalformedError, TruncatedError, unpack

_WIDTH, _HEIGHT, _ORIENTATION, _EXIF = 256, 257, 274, 34665
_COMPRESSION: Final = 259
_NONE: Final = 1
_DEFLATE: Final = frozenset({8, 32946})
_OTHERS: Final = (2, 3, 4, 5, 6, 7, 32766, 32771, 32773, 32809, 32909, 34661, 34676, 34677)
_NEW: Final = (34887, 34925, 50000, 50001)
_SCHEMES: Final = frozenset({_NONE, *_DEFLATE, *_OTHERS, *_NEW})
"""Compressions that libtiff 4.7 knows (tiff.h); whether it was built with one, it says itself."""
_AT_ONCE: Final = 1 << 20
"""Bytes to inflate at a time."""
_MOST_INFLATED: Final = 1 << 31
"""Bytes to inflate of a file; one that makes more is no picture but a bomb, which nobody decodes."""
_MOST_ENTRIES: Final = 65_535
"""Of a directory: a classic TIFF can have no more."""
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
        if entries > _MOST_ENTRIES:
            raise MalformedError(f"its directory has {entries:,} entries")
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

    def extents(self) -> Iterator[tuple[int, int]]:
        """Yield where each strip or tile lies, and how long it is."""
        for where, how_long in _EXTENTS:
            yield from zip(self.numbers(where), self.numbers(how_long), strict=False)


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
    except (TruncatedError, MalformedError):
        return found
    return found


def orientation(data: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block states; 1 where it states none."""
    if not _matches(data):
        return 1
    try:
        said = _first_directory(data).numbers(_ORIENTATION)
    except (TruncatedError, MalformedError):
        return 1
    return said[0] if said and 1 <= said[0] <= 8 else 1  # noqa: PLR2004  EXIF counts to eight


def _matches(data: bytes) -> bool:
    return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _header(data: bytes) -> Header:
    directory = _first_directory(data)
    width, height = directory.numbers(_WIDTH), directory.numbers(_HEIGHT)
    if not width or not height:
        raise MalformedError("it states no size")
    complete = all(offset + length <= len(data) for offset, length in directory.extents())
    # OpenCV turns TIFFs upright by itself, whatever it is asked, so only the size is turned here.
    if orientation(data) >= _SIDEWAYS:
        width, height = height, width
    return Header(width[0], height[0], complete=complete)


def _verify(data: bytes) -> None:
    """Find what libtiff says through a log that nobody hears, while OpenCV shows black."""
    directory = _first_directory(data)
    scheme = (*directory.numbers(_COMPRESSION), _NONE)[0]
    if scheme not in _SCHEMES:
        raise MalformedError(f"it is compressed by scheme {scheme}, which is not read")
    left = _MOST_INFLATED if scheme in _DEFLATE else 0
    for offset, length in directory.extents():
        if left > 0:
            left -= _inflated(data[offset : offset + length], left)


def _inflated(piece: bytes, most: int) -> int:
    """Compare a strip or a tile with the checksum at its end; return how many bytes it makes."""
    stream, made = zlib.decompressobj(), 0
    try:
        while piece and not stream.eof and made < most:
            made += len(stream.decompress(piece, _AT_ONCE))
            piece = stream.unconsumed_tail
    except zlib.error as error:
        raise MalformedError(f"a part of it is damaged: {error}") from None
    return made


TIFF = Format("TIFF", (".tif", ".tiff"), _matches, _header, _verify)
