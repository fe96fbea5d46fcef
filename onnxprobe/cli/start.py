"""Where the command begins, with nothing imported that takes time: Ctrl-C is one line from here on."""

import os
import signal
from typing import Final, NoReturn

INTERRUPTED: Final = 130
_STANDARD_ERROR: Final = 2


def main() -> None:
    """Import the app and run it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored
        signal.signal(signal.SIGINT, _ended)
    from onnxprobe.cli.app import main as run  # takes a tenth of a second

    run()


def begun() -> None:
    """Let Ctrl-C raise ``KeyboardInterrupt`` from now on: there is something to be cleaned up."""
    if signal.getsignal(signal.SIGINT) is _ended:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _ended(_number: int, _frame: object) -> NoReturn:
    os.write(_STANDARD_ERROR, b"onnxprobe: interrupted before it began\n")
    os._exit(INTERRUPTED)
