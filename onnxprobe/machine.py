"""What this process may use of the machine, or of the container that it runs in."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use; in it a folder for each group of processes."""
_OWN: Final = Path("/proc/self/cgroup")
"""Which of these groups this process belongs to."""


def memory() -> int:
    """Return the bytes of memory that this process may have: of the machine, or of its container."""
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    said = (*_said("memory.max"), *_said("memory/memory.limit_in_bytes"))
    return min([whole, *(int(most) for (most,) in said if most.isdigit())])


def cores() -> int:
    """Return how many cores this process may keep busy.

    Those that it may run on; fewer where its container is given less time than they have, e.g. by
    ``docker run --cpus 2``. Part of a core counts as one.
    """
    many = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        many = len(os.sched_getaffinity(0))
    said = (*_said("cpu.max"), *_said("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
    times = (int(time) / int(period) for time, period in said if time.isdigit())
    return max(1, min([many, *map(math.ceil, times)]))


def _said(*files: str) -> Iterator[tuple[str, ...]]:
    """Yield the words in ``files`` of each group that has them; no limit is ``max`` or ``-1``."""
    for group in _groups():
        try:
            yield tuple(word for file in files for word in (group / file).read_text().split())
        except OSError:  # another version of control groups, no container, or no Linux
            continue


def _groups() -> Iterator[Path]:
    """Yield the folder of the group this process is in, and of those around it."""
    yield _GROUPS
    try:
        lines = _OWN.read_text().splitlines()
    except OSError:
        return
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    parts = Path(own).parts
    for depth in range(len(parts)):
        yield _GROUPS.joinpath(*parts[: depth + 1])
