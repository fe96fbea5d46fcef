"""Ask two servers the same, request by request."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from onnxprobe.progress import Progress, silent
from onnxprobe.replay.asking import address, ask
from onnxprobe.replay.comparing import difference
from onnxprobe.replay.recording import Request

TIMEOUT: Final = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request.

    Attributes:
        request: its method and path.
        status: what the old server answered.
        bytes: length of the old answer.
        difference: what is otherwise in the new answer; empty where nothing is.
        steady: whether the old server answers the same when it is asked twice; it is asked again
            only where the answers differ.
    """

    request: str
    status: int
    bytes: int
    difference: str = ""
    steady: bool = True

    def __str__(self) -> str:
        if self.difference and not self.steady:
            return f"{self.difference} (the old server itself answers otherwise when asked again)"
        return self.difference


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a recording.

    Attributes:
        old: address of the server whose answers must not change.
        new: address of the one that is to replace it.
        outcomes: one a request, in order.
    """

    old: str
    new: str
    outcomes: tuple[Outcome, ...]

    @property
    def kept(self) -> bool:
        """Whether every answer was the same."""
        return not any(outcome.difference for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {"kept": self.kept, **asdict(self)}


def replay(
    requests: Sequence[Request],
    *,
    old: str,
    new: str,
    timeout: float = TIMEOUT,
    progress: Progress = silent,
) -> Replay:
    """Send every request to both servers, the old one first, and compare the answers.

    Requests are sent one at a time, in order. A difference is a result, not an error.

    Args:
        requests: what an old client asked.
        old: address of the server that callers know; a path in it is put before every path.
        new: address of the server that is to replace it.
        timeout: seconds that a server may take to say something.
        progress: told after each request.

    Raises:
        ServerError: an address is none, or a server does not answer.
    """
    before, after = address(old), address(new)
    outcomes = []
    for number, request in enumerate(requests, start=1):
        first, second = (ask(server, request, timeout=timeout) for server in (before, after))
        differs = difference(request, first, second)
        steady = not (differs and difference(request, first, ask(before, request, timeout=timeout)))
        outcomes.append(Outcome(str(request), first.status, len(first.body), differs, steady))
        progress("requests", number, len(requests))
    return Replay(old, new, tuple(outcomes))
