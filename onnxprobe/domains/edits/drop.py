"""Take domains away."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from onnxprobe.domains.edits._base import Asked, Kind, Parted, texts
from onnxprobe.domains.grouping import Grouping
from onnxprobe.errors import DomainError


@dataclass(frozen=True, slots=True)
class Drop:
    """Have ``domains`` no more; their pictures stay, in whatever other domains they are."""

    domains: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The domains."""
        return self.domains

    @property
    def made(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:  # noqa: ARG002  as all edits
        """Return the other groups."""
        gone = set(map(grouping.place, self.domains))
        if len(gone) == len(grouping):
            raise DomainError("no domain would be left, and a model without one has no head")
        return grouping.only([i for i in range(len(grouping)) if i not in gone])

    def without(self, names: Collection[str]) -> Self | None:
        """Return the same for the domains that are there."""
        rest = tuple(name for name in self.domains if name not in names)
        return replace(self, domains=rest) if rest else None

    def entry(self) -> dict[str, Any]:
        """Return ``drop``."""
        return {"drop": list(self.domains)}


def _of(asked: Asked) -> Drop:
    asked.at_least(1, "one domain or more")
    return Drop(asked.domains())


def _read(entry: Mapping[str, Any]) -> Drop:
    return Drop(texts(entry, "drop"))


DROP = Kind("drop", "DOMAIN…", _of, _read)
