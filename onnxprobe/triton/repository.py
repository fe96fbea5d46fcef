"""Model repositories: a folder an entry, a folder a version in it."""

from pathlib import Path


def versions(folder: Path) -> tuple[int, ...]:
    """Return the versions of an entry, as Triton reads them off the folders."""
    if not folder.is_dir():
        return ()
    names = (path.name for path in folder.iterdir() if path.is_dir())
    return tuple(int(n) for n in names if n.isascii() and n.isdecimal() and not n.startswith("0"))
