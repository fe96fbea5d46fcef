"""Folders that are there whole or not at all: a temporary one beside, every file synced, rename."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onnxprobe.atomic import sync
from onnxprobe.errors import PackageError
from onnxprobe.graph.disk.copying import copy_file
from onnxprobe.package._base import Files
from onnxprobe.proof import sha256

SUMS: Final = "SHA256SUMS"


def write_folder(
    files: Files, folder: Path, finish: Callable[[Path], None] = lambda _: None
) -> tuple[str, ...]:
    """Write ``files`` to a new ``folder`` and return the paths of all files in it, sorted.

    Args:
        files: what to write.
        folder: where; it must not be there, or be empty.
        finish: called with the folder of the same name that is to take this place; what it raises
            keeps anything from being written.

    Raises:
        PackageError: ``folder`` holds something already.
    """
    free(folder)
    with staged(files, folder.parent, folder.name) as building:
        finish(building)
        names = sorted(str(p.relative_to(building)) for p in building.rglob("*") if p.is_file())
        building.rename(folder)
    sync(folder.parent)
    return tuple(names)


@contextmanager
def staged(files: Files, parent: Path, name: str) -> Iterator[Path]:
    """Yield a folder called ``name`` that holds ``files``; it goes unless it is renamed away.

    It lies in a folder in ``parent`` whose name begins with a point, which no version of a Triton
    model does.
    """
    around = parent / f".{name}.{os.getpid()}.tmp"
    shutil.rmtree(around, ignore_errors=True)
    building = around / name
    building.mkdir(parents=True)
    try:
        for path, content in files.items():
            _write(building / path, content)
        for each in (*building.rglob("*"), building):
            sync(each)
        yield building
    finally:
        shutil.rmtree(around, ignore_errors=True)


def free(folder: Path) -> None:
    """Raise where something would be overwritten.

    Raises:
        PackageError: ``folder`` is a file, or a folder that is not empty.
    """
    if folder.is_file():
        raise PackageError(f"{str(folder)!r} is a file; name a folder with -o")
    if folder.is_dir() and any(folder.iterdir()):
        raise PackageError(
            f"{str(folder)!r} holds files already, and a package is written whole or not at all; "
            "name a new folder with -o"
        )


def summed(files: Files) -> dict[str, str | bytes | Path]:
    """Return ``files`` with ``SHA256SUMS`` of them, as ``sha256sum --check`` reads it."""
    lines = (f"{_digest(files[name])}  {name}\n" for name in sorted(files))
    return {**files, SUMS: "".join(lines)}


def _write(path: Path, content: str | bytes | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        copy_file(content, path)
        return
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _digest(content: str | bytes | Path) -> str:
    if isinstance(content, Path):
        return sha256(content)
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()
