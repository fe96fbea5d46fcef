"""The blocks that were read last, up to so many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A cache in front of slow reads. A block that several threads want at once is read once."""

    def __init__(self, limit: int, size_of: Callable[[T], int]) -> None:
        """Keep up to ``limit`` bytes of blocks that ``size_of`` measures."""
        self._limit, self._size_of = limit, size_of
        self._lock = threading.Lock()
        self._blocks: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._held = 0

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return the block of ``key``; ``read`` it where it is not kept.

        What ``read`` raises, everyone who waits for it gets, and the next asks again.
        """
        with self._lock:
            known = self._blocks.get(key)
            if known is not None:
                self._blocks.move_to_end(key)
            else:
                mine = self._blocks[key] = Future()
        if known is not None:
            return known.result()
        try:
            block = read()
        except BaseException as error:
            with self._lock:
                del self._blocks[key]
            mine.set_exception(error)
            raise
        mine.set_result(block)
        self._shrink(self._size_of(block))
        return block

    def _shrink(self, added: int) -> None:
        with self._lock:
            self._held += added
            for key, block in list(self._blocks.items()):
                if self._held <= self._limit:
                    return
                if block.done() and block.exception() is None:
                    self._held -= self._size_of(block.result())
                    del self._blocks[key]
