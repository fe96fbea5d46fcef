"""What a place is."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol


class TooLongError(OSError):
    """A file that is longer than what was asked for at most, and was not read.

    Attributes:
        size: of the file, in bytes.
    """

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"{size:,} bytes are more than the limit of {most:,}")
        self.size = size


def require_at_most(size: int, most: int | None) -> None:
    """Refuse what is longer than ``most`` bytes; ``None`` is no limit.

    Raises:
        TooLongError: it is.
    """
    if most is not None and size > most:
        raise TooLongError(size, most)


class Opened(Protocol):
    """A file kept open. Reading is safe from several threads at once."""

    @property
    def size(self) -> int:
        """Its length, in bytes."""

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``.

        Raises:
            OSError: they cannot be read, or the file ends within them.
        """


class Place(Protocol):
    """A file or a folder, on a disk or behind a URL. Every method may raise ``OSError``."""

    @property
    def path(self) -> Path | str:
        """Where it is, without passwords: for messages and headers."""

    @property
    def given(self) -> str:
        """Where it is, as it was asked for; may hold a password."""

    @property
    def name(self) -> str:
        """The last part of where it is."""

    def exists(self) -> bool:
        """Whether there is such a file or folder."""

    def is_folder(self) -> bool:
        """Whether it is a folder."""

    def files(self) -> Iterator[str]:
        """Yield every file under a folder, by its path from there, ``/`` between parts."""

    def matching(self, pattern: str) -> Iterator[str]:
        """Yield the files under a folder that ``pattern`` fits; ``**`` is any number of folders."""

    def head(self, length: int) -> bytes:
        """Return the first bytes of a file, ``length`` at most."""

    def read(self, most: int | None = None) -> bytes:
        """Return all bytes of a file.

        Raises:
            TooLongError: it is longer than ``most`` bytes, where that can be told before.
        """

    def opened(self) -> Opened:
        """Open a file, for reading parts of it."""

    def for_library(self) -> Path | BinaryIO:
        """Return what libraries open: a path where there is one, else something like a file."""

    def content(self, name: str, most: int | None = None) -> bytes:
        """Return all bytes of the file that ``name``, a path from here, leads to.

        Raises:
            OSError: it cannot be read.
            TooLongError: it is longer than ``most`` bytes, where that can be told before.
        """

    def at(self, name: str) -> "Place":
        """Return the place that ``name``, a path from this folder, leads to."""

    def elsewhere(self, where: str) -> "Place":
        """Return the place that a path or a URL names, read with the same patience."""

    def beside(self, name: str) -> "Place":
        """Return the place that ``name``, a path from the folder of this file or a URL, names."""
