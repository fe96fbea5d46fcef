"""How many pictures a run takes, where nobody says: on a GPU that is measured."""

from collections.abc import Callable
from time import perf_counter
from typing import Final

from onnxprobe.errors import RunError

_MOST: Final = 1024
"""Pictures per run, at most."""
_GAIN: Final = 1.05
"""By which factor twice as many pictures must be faster, each."""
_ROUNDS: Final = 3
"""Runs of one size; the fastest counts, the first one allocates."""

Run = Callable[[int], object]
"""Runs so many pictures."""


def fastest(run: Run, *, start: int, clock: Callable[[], float] = perf_counter) -> int:
    """Return how many pictures a run should take: twice as many as long as that pays.

    Args:
        run: runs so many pictures; raises ``RunError`` where the device has no memory for them.
        start: the fewest.
        clock: tells the time in seconds.
    """
    size, rate = start, _rate(run, start, clock)
    while 2 * size <= _MOST:
        try:
            doubled = _rate(run, 2 * size, clock)
        except RunError:
            return size
        if doubled < _GAIN * rate:
            return size
        size, rate = 2 * size, doubled
    return size


def _rate(run: Run, size: int, clock: Callable[[], float]) -> float:
    """Return pictures per second."""
    seconds = []
    for _ in range(_ROUNDS):
        began = clock()
        run(size)
        seconds.append(clock() - began)
    return size / max(min(seconds), 1e-9)
