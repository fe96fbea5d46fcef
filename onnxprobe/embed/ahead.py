"""Files of pictures, read ahead of who decodes them; never more of them than memory is good for."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from time import perf_counter
from typing import Final

_MOST: Final = 256 << 20
"""Bytes that may wait to be decoded before no more are read."""


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a file.

    Attributes:
        data: its bytes; empty where there was an error.
        error: why it could not be read.
        seconds: that it took.
    """

    data: bytes
    error: OSError | MemoryError | None
    seconds: float


class Ahead:
    """Reads files in the order in which they are asked for, with threads of its own.

    Who decodes them must take them in that order too, and say so with ``taken``: where much waits,
    no more is read until some of it is taken.
    """

    def __init__(
        self, read: Callable[[str], bytes], threads: int, *, most: int | None = None
    ) -> None:
        self._read, self._most = read, most or _MOST
        self._pool = ThreadPoolExecutor(threads, "read")
        self._asked, self._begun, self._held = 0, 0, 0
        self._changed = Condition()
        self._closed = False

    def submit(self, names: Sequence[str]) -> Future[list[Read]]:
        """Read these next, one after the other."""
        self._asked += 1
        return self._pool.submit(self._some, self._asked - 1, names)

    def taken(self, done: Read) -> None:
        """Note that the bytes wait no longer."""
        self._hold(-len(done.data))

    def close(self) -> None:
        """Read nothing more; wait for what is being read."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._pool.shutdown(cancel_futures=True)

    def _some(self, turn: int, names: Sequence[str]) -> list[Read]:
        """Wait for room before the first, not between them: none is taken before the last is read."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(turn) or self._closed)
            self._begun += 1
            self._changed.notify_all()
        return [self._one(name) for name in names]

    def _has_room(self, turn: int) -> bool:
        """Tell whether the ``turn``-th to be asked for may begin: later ones wait behind earlier ones."""
        return self._begun == turn and self._held < self._most

    def _one(self, name: str) -> Read:
        began = perf_counter()
        try:
            data = self._read(name)
        except (OSError, MemoryError) as error:
            return Read(b"", error, perf_counter() - began)
        self._hold(len(data))
        return Read(data, None, perf_counter() - began)

    def _hold(self, size: int) -> None:
        with self._changed:
            self._held += size
            self._changed.notify_all()
