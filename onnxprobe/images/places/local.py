"""Files and folders of this machine."""

import errno
import os
import stat
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from glob import iglob
from io import FileIO
from pathlib import Path
from typing import Any

from onnxprobe.images.places._base import Place, require_at_most
from onnxprobe.images.places.patience import Patience
from onnxprobe.images.places.patterns import regex_of


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A file or a folder of this machine.

    Attributes:
        path: where it is.
        patience: with URLs that a file here names.
        place_of: makes a place of what a file here names.
    """

    path: Path
    patience: Patience = field(repr=False)
    place_of: Callable[[str, Patience], Place] = field(repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process, which may be in another folder, it is the same place."""
        return LocalPlace, (self.path.absolute(), self.patience, self.place_of)

    @property
    def given(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name

    def exists(self) -> bool:
        """Whether there is such a file or folder."""
        return self.path.exists()

    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.path.is_dir()

    def files(self) -> Iterator[str]:
        """Yield every file. Links are followed, but never into a folder that one came from."""
        return _walk(self.path, "", frozenset())

    def matching(self, pattern: str) -> Iterator[str]:
        """Yield the files that ``pattern`` fits."""
        if "**" in pattern:  # glob itself would follow links in circles
            fits = regex_of(pattern)
            return (name for name in self.files() if fits.fullmatch(name))
        found = iglob(pattern, root_dir=self.path)  # noqa: PTH207  Path.glob drops dead links
        return (name for name in found if not (self.path / name).is_dir())

    def head(self, length: int) -> bytes:
        """Return the first bytes."""
        with _opened(self.path) as file:
            return file.read(length)

    def read(self, most: int | None = None) -> bytes:
        """Return all bytes."""
        return _whole(self.path, most)

    def opened(self) -> "LocalFile":
        """Open the file."""
        return LocalFile(self.path)

    def for_library(self) -> Path:
        """Return the path."""
        return self.path

    def content(self, name: str, most: int | None = None) -> bytes:
        """Return all bytes of the file that ``name``, a path from here, leads to."""
        place = os.path.join(self.path, name)  # noqa: PTH118  half the time of a Path, for millions
        return _whole(place, most)

    def at(self, name: str) -> Place:
        """Return the place that ``name``, a path from here, leads to."""
        return LocalPlace(self.path / name, self.patience, self.place_of)

    def elsewhere(self, where: str) -> Place:
        """Return the place that a path or a URL names."""
        return self.place_of(where, self.patience)

    def beside(self, name: str) -> Place:
        """Return the place that ``name`` means in this file."""
        if "://" in name:
            return self.elsewhere(name)
        return LocalPlace(self.path.parent / name, self.patience, self.place_of)


class LocalFile:
    """A file kept open; what takes its place in the folder is not seen."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, _descriptor(path)
        weakref.finalize(self, os.close, self._file)
        self.size = os.fstat(self._file).st_size

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``."""
        data = os.pread(self._file, stop - start, start)
        if len(data) != stop - start:
            raise OSError(f"{str(self._path)!r} ends within it")
        return data


def _whole(path: str | Path, most: int | None) -> bytes:
    with _opened(path) as file:
        if most is not None:
            require_at_most(os.fstat(file.fileno()).st_size, most)
        return file.readall()


def _opened(path: str | Path) -> FileIO:
    """Open a file.

    Raises:
        OSError: it cannot be opened, or is no file but a device, a pipe or a folder.
    """
    return FileIO(_descriptor(path))


def _descriptor(path: str | Path) -> int:
    """Open a file, but nothing that never ends, or that is waited for until another process writes."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a zero byte, which no name can have
        raise OSError(str(error)) from error
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return file
    os.close(file)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(f"it is {_kind_of(mode)}, not a file")


def _kind_of(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    state = folder.stat()
    entries = list(os.scandir(folder))
    here = (state.st_dev, state.st_ino)
    if here in above:
        return
    for entry in entries:
        if _leads(entry.is_dir):
            yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", above | {here})
        elif _leads(entry.is_file) or entry.is_symlink():  # a dead link is recorded as missing
            yield prefix + entry.name


def _leads(somewhere: Callable[[], bool]) -> bool:
    """Whether an entry is what is asked; a link in a circle of links is nothing."""
    try:
        return somewhere()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return False
        raise
