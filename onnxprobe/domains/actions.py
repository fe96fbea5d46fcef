"""What can be done to the edits of a run: one more, the last one taken back, or all as they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from onnxprobe.domains.edits import EDITS, Asked, Edit, Kind
from onnxprobe.domains.file import NAME
from onnxprobe.errors import DomainError
from onnxprobe.registry import Registry

Edits = tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do.

    Attributes:
        name: the word for it.
        usage: what is written behind it.
        edits: from the edits so far, and what was asked, to the edits then.
    """

    name: str
    usage: str
    edits: Callable[[Edits, Asked], Edits]


def _adding(kind: Kind) -> Action:
    def more(before: Edits, asked: Asked) -> Edits:
        with _told(kind.name, kind.usage):
            return (*before, kind.of(asked))

    return Action(kind.name, kind.usage, more)


def _bare(name: str, edits: Callable[[Edits], Edits]) -> Action:
    def alone(before: Edits, asked: Asked) -> Edits:
        with _told(name, ""):
            asked.exactly(0, "nothing")
            asked.without("--as", "--into")
        return edits(before)

    return Action(name, "", alone)


@contextmanager
def _told(name: str, usage: str) -> Iterator[None]:
    """Say of what was asked wrongly how to ask again."""
    try:
        yield
    except DomainError as error:
        again = f"onnxprobe domains RUN {name} {usage}".rstrip()
        raise DomainError(f"{name!r}: {error}; write: {again}") from None


def _undone(before: Edits) -> Edits:
    if not before:
        raise DomainError(f"there is nothing to take back: {NAME!r} has no edits")
    return before[:-1]


ACTIONS: Final = Registry(
    "edit",
    [
        *map(_adding, EDITS.values()),
        _bare("undo", _undone),
        _bare("apply", lambda before: before),
    ],
)
