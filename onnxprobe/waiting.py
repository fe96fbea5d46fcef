"""Calls that may never end, made where they keep nobody from ending."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")


class Answer(Generic[T]):
    """What a call gives, once it does."""

    def __init__(self) -> None:
        self._there = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def make(self, call: Callable[[], T]) -> None:
        """Call, and keep what comes of it."""
        try:
            self._value = call()
        except BaseException as error:  # noqa: BLE001  raised again by who waits
            self._error = error
        self._there.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait so long at most; return whether it is there."""
        return self._there.wait(seconds)

    def get(self) -> T:
        """Return what the call returned, or raise what it raised; it must be there."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[no-any-return]


def started(call: Callable[[], T]) -> Answer[T]:
    """Start ``call()``. One that never ends keeps its thread, a daemon, until the process ends."""
    answer: Answer[T] = Answer()
    threading.Thread(target=answer.make, args=(call,), daemon=True, name="waiting").start()
    return answer


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what ``call()`` returns, or stop waiting for it.

    Raises:
        TimeoutError: it took longer than ``seconds``.
    """
    answer = started(call)
    if not answer.wait(seconds):
        raise TimeoutError
    return answer.get()


def together(call: Callable[[S], T], items: Iterable[S], *, at_once: int) -> list[T]:
    """Return ``call(item)`` of each, in order, several made at the same time.

    Unlike with a ThreadPoolExecutor, whoever is interrupted while it waits is free at once.
    """
    asked = [(item, Answer[T]()) for item in items]
    todo = deque(asked)

    def work() -> None:
        while todo:
            with suppress(IndexError):  # another thread took the last one
                item, answer = todo.popleft()
                answer.make(partial(call, item))

    for _ in range(min(at_once, len(asked))):
        started(work)
    try:
        for _, answer in asked:
            answer.wait()
        return [answer.get() for _, answer in asked]
    finally:
        todo.clear()
