"""Which files lie under a folder behind a URL.

fsspec's own walk leaves out folders that cannot be listed, and says nothing; here that is an error.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from onnxprobe.images.places.patterns import regex_of
from onnxprobe.waiting import together

Ask = Callable[..., Any]
"""Asks the file system: ``ask("ls", folder, detail=True)``; may raise ``OSError``."""
_AT_ONCE: Final = 8
"""Folders that are listed at the same time."""


def is_folder(system: Any, path: str, ask: Ask) -> bool:
    """Whether ``path`` is a folder; in stores of objects, whether there are files below it.

    Some stores would list all of these to answer ``isdir``, a million names where one is enough.

    Raises:
        FileNotFoundError: there is neither a file nor a folder.
        PermissionError: nobody may look into the bucket; of what is in one, reading it says why.
    """
    if not _lists_trees(system):
        return bool(ask("isdir", path))
    try:
        return bool(ask("info", path)["type"] == "directory")
    except PermissionError:
        if "/" not in path.strip("/"):
            raise
        return False


def files_under(system: Any, folder: str, ask: Ask) -> Iterator[str]:
    """Yield the path of every file.

    Stores of objects list a whole tree by themselves, a thousand names a request; elsewhere folder
    is asked for after folder.
    """
    if _lists_trees(system):
        yield from ask("find", folder)
        return
    level = [folder]
    while level:
        files, level = _listed(level, ask)
        yield from files


def files_fitting(system: Any, folder: str, pattern: str, ask: Ask) -> Iterator[str]:
    """Yield the path of every file that ``pattern``, from ``folder`` on, fits."""
    if "**" in pattern:
        fits = regex_of(pattern)
        found = files_under(system, folder, ask)
        yield from (path for path in found if fits.fullmatch(relative(path, folder)))
        return
    level = [folder]
    *folders, last = pattern.split("/")
    for part in folders:
        level = list(_called(part, _listed(level, ask)[1]))
    yield from _called(last, _listed(level, ask)[0])


def forget_listing(system: Any) -> None:
    """Give back the kilobyte that stores of objects keep for each file that they have listed.

    Others (``hf``) look there whenever they read, and would list the folder again.
    """
    if _lists_trees(system):
        system.invalidate_cache()


def relative(path: str, folder: str) -> str:
    """Return ``path`` as it is from ``folder`` on."""
    root = folder.strip("/")
    return path.lstrip("/").removeprefix(root + "/" if root else "")


def _lists_trees(system: Any) -> bool:
    from fsspec.asyn import AsyncFileSystem  # noqa: PLC0415  of an extra

    own = getattr(type(system), "_find", AsyncFileSystem._find)  # noqa: SLF001
    return bool(system.async_impl) and own is not AsyncFileSystem._find  # noqa: SLF001


def _called(pattern: str, paths: Iterable[str]) -> Iterator[str]:
    fits = regex_of(pattern)
    return (path for path in paths if fits.fullmatch(path.rstrip("/").rpartition("/")[2]))


def _listed(folders: list[str], ask: Ask) -> tuple[list[str], list[str]]:
    """Return the files, and the folders, that are in ``folders``."""
    files: list[str] = []
    inner: list[str] = []
    listings = together(lambda folder: _entries(folder, ask), folders, at_once=_AT_ONCE)
    for folder, listing in zip(folders, listings, strict=True):
        for entry in listing:
            name, is_folder = entry["name"], entry["type"] == "directory"
            if name.rstrip("/") != folder.rstrip("/"):  # S3 has a file that stands for the folder
                (inner if is_folder else files).append(name)
    return files, inner


def _entries(folder: str, ask: Ask) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = ask("ls", folder, detail=True)
    except FileNotFoundError:
        return []  # it has gone since, or never was
    return found
