"""Writing to a disk that may be full, read-only, or gone."""

import errno
from pathlib import Path
from typing import Final

from onnxprobe.atomic import replacing
from onnxprobe.errors import StoreError

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def put(data: bytes, path: Path) -> None:
    """Write ``data`` to ``path``, whole or not at all.

    Raises:
        StoreError: it cannot be written; the message says why and how to go on.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise refused(path, error, "everything before it is kept; ") from error


def refused(path: Path, error: OSError, kept: str = "") -> StoreError:
    """Return the error for a file that could not be written; ``kept`` says what is not lost."""
    if error.errno in _FULL:
        return StoreError(
            f"no space left for {str(path)!r}; {kept}free some and give the same command again"
        )
    return StoreError(f"{str(path)!r} cannot be written: {error.strerror or error}")
