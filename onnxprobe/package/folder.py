"""Folders that are there whole or not at all: a temporary one beside, every file synced, rename."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onnxprobe.errors import PackageError
from onnxprobe.graph.copying import copy_file
from onnxprobe.package._base import Files
from onnxprobe.proof import sha256

SUMS: Final = "SHA256SUMS"


def write_folder(files: Files, folder: Path) -> tuple[str, ...]:
    """Write ``files`` to a new ``folder`` and return their paths inside it, sorted.

    Raises:
        PackageError: ``folder`` holds something already.
    """
    free(folder)
    with staged(files, folder.parent, folder.name) as building:
        building.rename(folder)
    sync(folder.parent)
    return tuple(sorted(files))


@contextmanager
def staged(files: Files, parent: Path, name: str) -> Iterator[Path]:
    """Yield a folder in ``parent`` that holds ``files``; it goes unless it is renamed away.

    Its name begins with a point, which no version of a Triton model does.
    """
    parent.mkdir(parents=True, exist_ok=True)
    building = parent / f".{name}.{os.getpid()}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    try:
        for path, content in files.items():
            _write(building / path, content)
        for each in (*building.rglob("*"), building):
            sync(each)
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


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


def sync(path: Path) -> None:
    """Make sure that a file, or which files a folder has, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
