"""Several files of a folder replaced together: all of them or none, whatever happens."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onnxprobe.atomic import sync

_NEW: Final = ".new"
_READY: Final = ".ready"
_GONE: Final = ".gone."


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder; on success the files in it take their places in ``folder``.

    An exception, or a kill before the block ends, leaves ``folder`` as it was. The files are moved
    one after the other; where that is cut short, :func:`settled` goes on with it. So whoever reads
    ``folder`` calls that first. A file is taken away by :func:`gone`.
    """
    settled(folder)
    new = folder / _NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        for path in (new, *new.rglob("*")):
            sync(path)
        new.rename(folder / _READY)  # from here on it is so
        sync(folder)
        settled(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def settled(folder: Path) -> None:
    """Move to their places the files of a change that was decided, if there are any."""
    ready = folder / _READY
    if not ready.is_dir():
        return
    for path in sorted(path for path in ready.rglob("*") if not path.is_dir()):
        target = folder / path.relative_to(ready)
        if path.name.startswith(_GONE):
            target.with_name(path.name.removeprefix(_GONE)).unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    sync(folder)
    shutil.rmtree(ready)


def gone(new: Path, name: str) -> None:
    """Say that the file ``name`` is not to be there when the files of ``new`` are in their places."""
    (new / f"{_GONE}{name}").touch()
