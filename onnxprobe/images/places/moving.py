"""Calls of which nobody knows how long they take, given up when nothing comes any more."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def while_moving(call: Awaitable[T], seconds: float) -> T:
    """Return what ``call`` returns, as long as something comes every so many ``seconds``.

    A bucket is listed a thousand names at a time; how many times, only its end tells.

    Raises:
        TimeoutError: nothing came for so long.
    """
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(seconds) as limit:

        def moved() -> None:
            if not limit.expired():
                limit.reschedule(now() + seconds)

        return await _Noticed(call, moved)


class _Noticed(Generic[T]):
    """Awaits ``call``, and tells ``moved`` each time that what it waits for is there."""

    def __init__(self, call: Awaitable[T], moved: Callable[[], None]) -> None:
        self._call, self._moved = call, moved

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._call.__await__()
        go: Callable[[Any], Any] = steps.send
        given: Any = None
        while True:
            try:
                waits_for = go(given)
            except StopIteration as done:
                value: T = done.value
                return value
            try:
                go, given = steps.send, (yield waits_for)
            except BaseException as error:  # noqa: BLE001  it is for the call to catch
                go, given = steps.throw, error
            self._moved()
