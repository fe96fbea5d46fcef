"""Being asked to stop: Ctrl-C and SIGTERM end the work between two batches, or while one waits."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Protocol, TypeVar

from onnxprobe.waiting import started

_SECONDS: Final = 0.1
"""How often one who waits looks whether it is to be stopped."""
T = TypeVar("T")


class StoppedError(Exception):
    """It was asked to stop while something was waited for."""


class Stop(Protocol):
    """Tells whether the work is to be stopped; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Whether it is."""

    def wait(self, timeout: float) -> bool:
        """Wait for some seconds, or until it is; return whether it is."""


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once.

    Outside the main thread no signal can be caught, and the event is never set.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def stop(number: int, _: FrameType | None) -> None:
        asked.set()
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

    before = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, old in before.items():
            signal.signal(number, old or signal.SIG_DFL)


def until(asked: Stop, batches: Iterable[T]) -> Iterator[T]:
    """Yield ``batches`` until it is ``asked`` to stop."""
    for batch in batches:
        yield batch
        if asked.is_set():
            return


NEVER: Final[Stop] = threading.Event()
"""Nobody asks."""


def unless(asked: Stop, call: Callable[[], T]) -> T:
    """Return what ``call()`` returns, or stop waiting for it when ``asked`` to.

    Raises:
        StoppedError: it was asked to stop.
    """
    answer = started(call)
    while not answer.wait(_SECONDS):
        if asked.is_set():
            raise StoppedError
    return answer.get()
