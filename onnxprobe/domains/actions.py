"""What can be done to the edits of a run: one more, the last one taken back, or all as they are."""

from collections.abc import Callable
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
        try:
            return (*before, kind.of(asked))
        except DomainError as error:
            raise DomainError(
                f"{kind.name!r}: {error}; write: onnxprobe domains RUN {kind.name} {kind.usage}"
            ) from None

    return Action(kind.name, kind.usage, more)


def _undo(before: Edits, asked: Asked) -> Edits:
    asked.exactly(0, "nothing")
    if not before:
        raise DomainError(f"there is nothing to take back: {NAME!r} has no edits")
    return before[:-1]


def _apply(before: Edits, asked: Asked) -> Edits:
    asked.exactly(0, "nothing")
    return before


ACTIONS: Final = Registry(
    "edit",
    [*map(_adding, EDITS.values()), Action("undo", "", _undo), Action("apply", "", _apply)],
)
