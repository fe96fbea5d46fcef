"""Being asked to stop: Ctrl-C and SIGTERM end the work between two batches."""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol, TypeVar

T = TypeVar("T")


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
