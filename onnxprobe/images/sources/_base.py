"""What a source of pictures is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onnxprobe.errors import PicturesError
from onnxprobe.images.formats import SUFFIXES


class Source(Protocol):
    """Pictures by name. Reading is safe from several threads at once, in any order."""

    @property
    def kind(self) -> str:
        """What users call this kind of source."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    @property
    def names(self) -> Sequence[str]:
        """Every picture, sorted; what is not UTF-8 is a surrogate (see ``names``)."""

    def read(self, name: str) -> bytes:
        """Return the bytes of one picture.

        Raises:
            OSError: it cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source.

    Attributes:
        name: what users call it.
        matches: whether a path that exists is one.
        open: makes the source; raises ``PicturesError`` where it cannot be read.
    """

    name: str
    matches: Callable[[Path], bool]
    open: Callable[[Path], Source]


def is_picture(name: str) -> bool:
    """Whether a file name ends like one of a picture."""
    return name.lower().endswith(SUFFIXES)


def checked(names: list[str], path: Path, others: int) -> tuple[str, ...]:
    """Return ``names`` sorted.

    Raises:
        PicturesError: there are none (``others`` files were not pictures), or a name holds a
            zero byte, which no file can be called.
    """
    if any("\0" in name for name in names):
        raise PicturesError(f"{str(path)!r} names a picture with a zero byte; it is damaged")
    if names:
        return tuple(sorted(names))
    endings = ", ".join(SUFFIXES)
    what = f"none of its {others} files ends in {endings}" if others else "it holds no files"
    raise PicturesError(f"no pictures in {str(path)!r}: {what}")
