"""OpenCV while many threads use it: no threads and no messages of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import cv2

SILENT: Final = 0


def logging() -> Any:
    """Return where OpenCV keeps its log level: it moved between versions 4 and 5."""
    return cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Set OpenCV so that it does not fight with our threads, and put it back afterwards.

    What it would print about broken pictures is in the ledger; what libjpeg and libpng, which it
    brings, would print is too (see ``complaints``).
    """
    threads, level = cv2.getNumThreads(), logging().getLogLevel()
    cv2.setNumThreads(1)
    logging().setLogLevel(SILENT)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        logging().setLogLevel(level)
