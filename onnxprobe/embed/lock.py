"""One process a store."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onnxprobe.embed.disk import refused
from onnxprobe.errors import StoreError


@contextmanager
def locked(folder: Path, store: Path) -> Iterator[None]:
    """Hold the lock of the store at ``store``, whose shards lie in ``folder``.

    The kernel gives it back when the process ends, however it ends.

    Raises:
        StoreError: another process has it, or the folder cannot be written to.
    """
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise refused(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        other = os.pread(file, 32, 0).decode() or "another process"
        os.close(file)
        raise StoreError(
            f"{other} is working on the store {str(store)!r}; wait until it is done, or name "
            "another store"
        ) from None
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()}".encode(), 0)
        yield
    finally:
        os.ftruncate(file, 0)
        os.close(file)
