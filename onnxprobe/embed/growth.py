"""When more processes would end the work sooner than one.

The threads of a process take turns for Python's interpreter. Where pictures are small or the device is
fast, they wait for it and for nothing else: no stage is busy, and cores lie idle.
"""

import os
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from onnxprobe.embed.stop import Stop
from onnxprobe.machine import cores, memory
from onnxprobe.store.account import Account

_SEEN: Final = 5.0
"""Seconds of work from which it shows what limits it."""
_BUSY: Final = 0.75
"""From which share of its time on a stage is what limits, and so are the cores."""
_WORTH: Final = 20.0
"""Seconds still to go from which processes, which take some to begin, are worth starting."""
_MOST: Final = 8
"""Processes, each with a network of its own."""


class Growth:
    """Asks one process to stop where more would end the work sooner, or where ``stop`` asks.

    Attributes:
        workers: how many processes are to do the rest.
    """

    def __init__(self, stop: Stop, shard_rows: int, most: int) -> None:
        """Grow to ``most`` processes at most; a shard is the least that one makes."""
        self.workers = 1
        self._stop, self._rows, self._most = stop, shard_rows, most
        self._since: tuple[float, float, float] | None = None

    def look(self, account: Account, left: int) -> None:
        """Judge by what the work was like so far, and how many pictures are left."""
        now = perf_counter(), _idle(), process_time()
        if self._since is None:  # before that the network was loaded
            self._since = now
        if account.seconds < _SEEN or left < account.rate * _WORTH:
            return
        seconds, idle, used = (b - a for a, b in zip(self._since, now, strict=True))
        unused = min(idle, seconds * cores() - used)  # a container may have less than its cores
        if max(account.busy.values()) < _BUSY and unused > (1 - _BUSY) * seconds * cores():
            most = min(_MOST, self._most, cores(), _fitting(), -(-left // self._rows))
            self.workers = max(1, most)

    def is_set(self) -> bool:
        """Whether this process is to stop."""
        return self.workers > 1 or self._stop.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait for some seconds, or until it is to stop; return whether it is."""
        return self._stop.wait(timeout) or self.is_set()


def _fitting() -> int:
    """Return how many processes like this one half of the memory holds."""
    unit = 1 if sys.platform == "darwin" else 1024
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return memory() // 2 // here


def _idle() -> float:
    """Return for how many seconds the cores of this process have been idle; 0 where nobody says.

    Source: proc_stat(5); the fourth figure of a core is idle, the fifth waiting for a disk.
    """
    try:
        lines = map(str.split, Path("/proc/stat").read_text().splitlines())
        ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        ticks = sum(int(line[4]) + int(line[5]) for line in lines if line and line[0] in ours)
    except (OSError, AttributeError):
        return 0.0
    return ticks / os.sysconf("SC_CLK_TCK")
