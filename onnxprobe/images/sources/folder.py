"""A folder and everything under it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from onnxprobe.errors import PicturesError
from onnxprobe.images.sources._base import Kind, checked, is_picture


@dataclass(frozen=True, slots=True)
class Folder:
    """Pictures in a folder; a name is the path from the folder, with ``/`` between parts."""

    kind: ClassVar[str] = "folder"
    path: Path
    names: tuple[str, ...] = field(repr=False)

    def read(self, name: str) -> bytes:
        """Return the bytes of one picture."""
        return (self.path / name).read_bytes()


def _open(path: Path) -> Folder:
    files = list(_walk(path, "", frozenset()))
    names = [name for name in files if is_picture(name)]
    return Folder(path, checked(names, path, len(files)))


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Yield every file. Links are followed, but never into a folder that one came from."""
    try:
        state = folder.stat()
        entries = list(os.scandir(folder))
    except OSError as error:
        raise PicturesError(f"{str(folder)!r} cannot be read: {error.strerror}") from None
    here = (state.st_dev, state.st_ino)
    if here in above:
        return
    for entry in entries:
        if entry.is_dir():
            yield from _walk(folder / entry.name, f"{prefix}{entry.name}/", above | {here})
        elif entry.is_file() or entry.is_symlink():  # a dead link is recorded as missing
            yield prefix + entry.name


FOLDER = Kind("folder", Path.is_dir, _open)
