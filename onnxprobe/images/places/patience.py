"""How long to wait for what answers late or never, and how often to ask again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")
_ASK_AGAIN: Final = frozenset({408, 425, 429})
"""HTTP statuses of the 4xx that pass: time-out, too early, too many requests."""
_FINAL: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and how often to ask.

    Attributes:
        seconds: for one answer: a picture, or 8 MB of an archive.
        tries: how often to ask in all.
        pause: seconds before asking again; twice as many before each further time.
    """

    seconds: float = 30.0
    tries: int = 3
    pause: float = 0.5

    def ask(self, call: Callable[[float], T]) -> T:
        """Return what ``call(seconds)`` returns, which gives up after that time.

        Raises:
            OSError: it failed for good, or every time; the message says why and how often.
        """
        for tried in range(1, self.tries + 1):
            try:
                return call(self.seconds)
            except _FINAL:
                raise
            except Exception as error:  # a file system raises what its client library raises
                why = self._why(error)
                if not _passes(error):
                    raise OSError(why) from error
                if tried == self.tries:
                    raise OSError(f"{why}; asked {tried} times") from error
                time.sleep(self.pause * 2 ** (tried - 1))
        raise OSError("asked no times")

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self.seconds:g} seconds"
        if status := getattr(error, "status", None):
            return f"HTTP {status}"
        said = getattr(error, "strerror", None) or error
        return " ".join(str(said).split()) or type(error).__name__


def _passes(error: Exception) -> bool:
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return status >= 500 or status in _ASK_AGAIN  # noqa: PLR2004
    return not isinstance(error, NotImplementedError | TypeError | ImportError)


PATIENCE: Final = Patience()
