"""Ctrl-C before a command has begun: one line, whatever is being imported."""

import os
import signal
from typing import Final, NoReturn

INTERRUPTED: Final = 130
_STANDARD_ERROR: Final = 2


def beginning() -> None:
    """Let Ctrl-C end the process with a line: there is nothing to be cleaned up yet."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored
        signal.signal(signal.SIGINT, _ended)


def begun() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` from now on: there is something to be cleaned up."""
    if signal.getsignal(signal.SIGINT) is _ended:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _ended(_number: int, _frame: object) -> NoReturn:
    os.write(_STANDARD_ERROR, b"onnxprobe: interrupted before it began\n")
    os._exit(INTERRUPTED)
