"""Have a few domains, and no others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from onnxprobe.domains.edits._base import Asked, Kind, Parted, texts
from onnxprobe.domains.grouping import Grouping


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep ``domains`` alone; what another run finds beside them is not kept either."""

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
        """Return these groups, in the order in which they are."""
        return grouping.only(sorted(set(map(grouping.place, self.domains))))

    def without(self, names: Collection[str]) -> Self | None:
        """Return the same for the domains that are there."""
        rest = tuple(name for name in self.domains if name not in names)
        return replace(self, domains=rest) if rest else None

    def entry(self) -> dict[str, Any]:
        """Return ``keep``."""
        return {"keep": list(self.domains)}


def _of(asked: Asked) -> Keep:
    asked.at_least(1, "one domain or more")
    return Keep(asked.domains())


def _read(entry: Mapping[str, Any]) -> Keep:
    return Keep(texts(entry, "keep"))


KEEP = Kind("keep", "DOMAIN…", _of, _read)
