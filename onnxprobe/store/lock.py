"""Who works on a store: one process alone, or several that share it, a shard each."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onnxprobe.errors import StoreError
from onnxprobe.store.disk import refused

LOCK: Final = ".lock"
"""Of the whole store, in the folder of its shards."""


@contextmanager
def locked(folder: Path, store: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold the lock of the store at ``store``, whose shards lie in ``folder``.

    The kernel gives it back when the process ends, however it ends.

    Args:
        folder: of the shards.
        store: as users know it.
        shared: whether others may hold it at the same time, who share it as well.

    Raises:
        StoreError: another process has it, or the folder cannot be written to.
    """
    file = _opened(folder / LOCK)
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        other = os.pread(file, 32, 0).decode() or "another process"
        os.close(file)
        how = "it was begun without --join" if shared else "to share the work, say --join to both"
        raise StoreError(
            f"{other} is working on the store {str(store)!r}; wait until it is done, or name "
            f"another store ({how})"
        ) from None
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.ftruncate(file, 0)
        os.close(file)


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other process is in its turn: for what takes a moment and concerns all.

    Raises:
        StoreError: the folder cannot be written to.
    """
    file = _opened(folder / ".turn.lock")
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


class Held:
    """The locks of single shards, held until they are given back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, int] = {}

    def take(self, number: int) -> bool:
        """Take the lock of a shard; whether nobody else has it."""
        file = _opened(self._place(number))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._files[number] = file
        return True

    def give_back(self) -> None:
        """Give back every lock.

        The files go as well: whoever still has one open looks at the shard before making it.
        """
        for number, file in self._files.items():
            self._place(number).unlink(missing_ok=True)
            os.close(file)
        self._files.clear()

    def _place(self, number: int) -> Path:
        return self._folder / f".{number:08d}.lock"


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise refused(path, error) from error
