"""Paths that a command cannot mean: a URL for a model or a result, a result in the place of what it is made of."""

import os.path
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from onnxprobe.errors import OnnxprobeError

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/")
"""What is left of the beginning of a URL where it was taken for a path."""


def require_here(options: Iterable[Any]) -> None:
    """Make sure that no path among the values of ``options`` is a URL.

    Raises:
        OnnxprobeError: one is; a folder ``s3:`` would be made here.
    """
    for path in _each(options):
        if isinstance(path, Path) and (found := _URL.match(str(path))):
            url = f"{found[1]}://{str(path)[found.end() :]}"
            raise OnnxprobeError(
                f"{url!r} is a URL; pictures may lie behind one, all else is read from this "
                "machine and written to it: name a path"
            )


def require_apart(options: Mapping[str, Any]) -> None:
    """Make sure that the file to write is none of those that are read.

    Raises:
        OnnxprobeError: it is, under this name or another.
    """
    out = options.get("out")
    if not isinstance(out, Path) or not out.is_file():
        return
    for name in _words(value for key, value in options.items() if key != "out"):
        readable = os.path.isfile(name)  # noqa: PTH113  a Path raises where words are too long
        if readable and out.samefile(name):
            raise OnnxprobeError(
                f"{str(out)!r} is what is read, and stays as it is: name another file with -o"
            )


def _words(values: Iterable[Any]) -> Iterator[str]:
    """Yield what may name a file: a head is ``FILE`` or ``NAME=FILE``."""
    for value in _each(values):
        if isinstance(value, str | Path):
            yield from (str(value), str(value).partition("=")[2])


def _each(options: Iterable[Any]) -> Iterator[Any]:
    for option in options:
        yield from option if isinstance(option, list | tuple) else (option,)
