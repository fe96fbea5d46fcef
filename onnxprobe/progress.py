"""How long work reports where it is. Library code calls it; cli and report decide how it looks."""

from typing import Protocol


class Progress(Protocol):
    """Told now and then how far a stage is."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Say that ``done`` of ``total`` units of ``stage`` are finished; ``None``: unknown."""


def silent(stage: str, done: int, total: int | None) -> None:
    """Report to nobody."""
