"""What lies on this machine, whatever is asked: models and results."""

import re
from collections.abc import Iterable
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
    for option in options:
        for path in option if isinstance(option, list | tuple) else (option,):
            if isinstance(path, Path) and (found := _URL.match(str(path))):
                url = f"{found[1]}://{str(path)[found.end() :]}"
                raise OnnxprobeError(
                    f"{url!r} is a URL; pictures may lie behind one, all else is read from this "
                    "machine and written to it: name a path"
                )
