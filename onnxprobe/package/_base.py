"""What a target of packaging is: a name, and which files its users copy."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnxprobe.package.delivery import Delivery

Content = str | bytes | Path
"""What a file holds: text, bytes, or a copy of another file."""
Files = Mapping[str, Content]
"""Paths inside the folder, with ``/``, and what they hold."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """What was written.

    Attributes:
        folder: where.
        files: their paths inside it, sorted.
        notes: what was left out and why, a sentence each.
        next: what to do with it, a command each.
    """

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return this as plain values."""
        return asdict(self) | {"folder": str(self.folder)}


@dataclass(frozen=True, slots=True)
class Packaging:
    """A server, or another place a model goes to, and what it takes.

    Attributes:
        name: what ``--for`` calls it.
        says: what the folder is, in half a line.
        files: from what is delivered to the files of the folder.
        lints: the linting (see ``onnxprobe.lint``) that must find no error; none where empty.
        next: what a user does with the folder, a command a line; ``{folder}`` stands for it.
        replace: from a model, what serves today, and a name for what is put beside it, to what was
            written there; ``None`` where a target has no such place.
        rollback: takes back what ``replace`` put there.
    """

    name: str
    says: str
    files: Callable[[Delivery], Files]
    lints: str = ""
    next: str = ""
    replace: Callable[[Path, Path, str | None], Packaged] | None = None
    rollback: Callable[[Path], Packaged] | None = None
