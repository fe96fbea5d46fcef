"""Call a domain something else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from onnxprobe.domains.edits._base import Asked, Kind, Parted, text
from onnxprobe.domains.grouping import Grouping


@dataclass(frozen=True, slots=True)
class Rename:
    """Call ``domain`` ``to``; its place, and so its id, stays."""

    domain: str
    to: str

    @property
    def about(self) -> tuple[str, ...]:
        """The domain."""
        return (self.domain,)

    @property
    def made(self) -> tuple[str, ...]:
        """Its new name."""
        return (self.to,)

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:  # noqa: ARG002  as all edits
        """Return the groups with the new name."""
        place = grouping.place(self.domain)
        group, member = grouping.groups[place], grouping.member[:, place]
        others = grouping.only([i for i in range(len(grouping)) if i != place])
        return others.put(place, replace(group, name=self.to), member)

    def without(self, names: Collection[str]) -> Self | None:
        """Return nothing where the domain is not there."""
        return None if self.domain in names else self

    def entry(self) -> dict[str, Any]:
        """Return ``rename`` and ``to``."""
        return {"rename": self.domain, "to": self.to}


def _of(asked: Asked) -> Rename:
    asked.exactly(2, "a domain and its new name")
    asked.without("--as", "--into")
    return Rename(asked.grouping.meant(asked.words[0]), asked.words[1])


def _read(entry: Mapping[str, Any]) -> Rename:
    return Rename(text(entry, "rename"), text(entry, "to"))


RENAME = Kind("rename", "DOMAIN NAME", _of, _read)
