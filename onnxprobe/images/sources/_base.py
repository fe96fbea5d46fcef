"""What a source of pictures is."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from onnxprobe.errors import PicturesError
from onnxprobe.images.formats import SUFFIXES
from onnxprobe.images.names import printable
from onnxprobe.images.places import Place

HEAD = 4096
"""Bytes by which a kind of source tells its files."""


class Source(Protocol):
    """Pictures by name. Reading is safe from several threads at once, in any order."""

    @property
    def kind(self) -> str:
        """What users call this kind of source."""

    @property
    def path(self) -> Path | str:
        """Where it lies."""

    @property
    def names(self) -> Sequence[str]:
        """Every picture once, sorted; what is not UTF-8 is a surrogate (see ``names``).

        The names stay the same when the source is moved as a whole.
        """

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture.

        Args:
            name: one of ``names``.
            most: how many it may have, where that can be told before it is read; any by default.

        Raises:
            OSError: it cannot be read, or there is no such picture.
            TooLongError: an ``OSError`` too: it has more than ``most`` bytes.
        """


class Held:
    """A source that holds a file open; sent to another process, it opens that file again there."""

    _opened: tuple[Place, str]

    def __new__(cls, place: Place, part: str = "") -> Self:
        """Remember what is opened."""
        self = super().__new__(cls)
        self._opened = (place, part)
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Place, str]]:
        return type(self), self._opened


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source.

    Attributes:
        name: what users call it.
        matches: whether a place is one, by its first ``HEAD`` bytes; a folder has none.
        open: makes the source, of the part that follows ``#``, if any; raises ``PicturesError``.
        suffixes: endings by which it is found in a folder of archives, lower case.
        part: what follows ``#``, for people; empty where nothing may.
    """

    name: str
    matches: Callable[[Place, bytes], bool]
    open: Callable[[Place, str], Source]
    suffixes: tuple[str, ...] = ()
    part: str = ""


def is_picture(name: str) -> bool:
    """Whether a file name ends like one of a picture."""
    return name.lower().endswith(SUFFIXES)


def checked(names: Iterable[str], place: Place, others: int) -> tuple[str, ...]:
    """Return ``names`` sorted.

    Raises:
        PicturesError: there are none (``others`` files were not pictures), or a name holds a
            zero byte, which no file can be called.
    """
    found = sorted(names)
    if any("\0" in name for name in found):
        raise PicturesError(f"{str(place.path)!r} names a picture with a zero byte; it is damaged")
    if found:
        return tuple(found)
    endings = ", ".join(SUFFIXES)
    what = (
        f"none of its {others} files ends in {endings}; a text file that lists them takes any name"
        if others
        else "it holds no files"
    )
    raise PicturesError(f"no pictures in {str(place.path)!r}: {what}")


def ending_in(names: Iterable[str], ending: str, place: Place) -> list[str]:
    """Return those of ``names`` of which what follows a dot is ``ending``; all where it is empty.

    Raises:
        PicturesError: there are names, but none that ends so.
    """
    every = list(names)
    last = "." + ending.lstrip(".").lower()
    found = [name for name in every if not ending or name.lower().endswith(last)]
    if every and not found:
        raise PicturesError(
            f"none of the {len(every):,} pictures in {str(place.path)!r} ends in {last!r}, as asked "
            f"for after '#'; there is {every[0]!r}"
        )
    return found


def numbered(rows: int, place: Place) -> tuple[str, ...]:
    """Return a name for each row: its number, from 0, nine digits at least.

    Raises:
        PicturesError: there are no rows.
    """
    if not rows:
        raise PicturesError(f"no pictures in {str(place.path)!r}: it has no rows")
    return tuple(f"{row:09d}" for row in range(rows))


def absent(name: str) -> FileNotFoundError:
    """Return the error for a picture that a source does not hold, or holds no more."""
    return FileNotFoundError(f"the source holds no {printable(name)!r}")


def row_of(name: str, rows: int) -> int:
    """Return the row that ``name`` stands for, see ``numbered``.

    Raises:
        FileNotFoundError: there is no such row.
    """
    if not (name.isdecimal() and int(name) < rows):
        raise absent(name)
    return int(name)


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Return ``names`` by different names: a repeated one gets ``#2``, the next ``#3``."""
    seen: Counter[str] = Counter()
    found: dict[str, str] = {}
    for name in names:
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name}#{seen[name]}"
        while unique in found:
            seen[name] += 1
            unique = f"{name}#{seen[name]}"
        found[unique] = name
    return found
