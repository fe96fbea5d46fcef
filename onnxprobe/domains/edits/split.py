"""Make several domains of one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from onnxprobe.domains.edits._base import Asked, Kind, Parted, text, texts
from onnxprobe.domains.grouping import Group, Grouping
from onnxprobe.errors import DomainError

_FEWEST: Final = 2
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Split:
    """Part the pictures of ``domain`` by how they look in its view, a domain for each of ``names``.

    The parts stand where it stood, the largest first.
    """

    domain: str
    names: tuple[str, ...]

    @property
    def about(self) -> tuple[str, ...]:
        """The domain."""
        return (self.domain,)

    @property
    def made(self) -> tuple[str, ...]:
        """What the parts are called."""
        return self.names

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:
        """Return the groups, the domain parted."""
        place = grouping.place(self.domain)
        group = grouping.groups[place]
        parts = parted(group.view, grouping.member[:, place], self.names)
        grouping = grouping.only([i for i in range(len(grouping)) if i != place])
        for number, (name, member) in enumerate(zip(self.names, parts, strict=True)):
            grouping = grouping.put(place + number, Group(name, group.view, group.depth), member)
        return grouping

    def without(self, names: Collection[str]) -> Self | None:
        """Return nothing where the domain is not there."""
        return None if self.domain in names else self

    def entry(self) -> dict[str, Any]:
        """Return ``split`` and ``as``."""
        return {"split": self.domain, "as": list(self.names)}


def _of(asked: Asked) -> Split:
    asked.exactly(1, "one domain")
    domain = asked.grouping.meant(asked.words[0])
    count = asked.into if asked.into is not None else len(asked.called) or _FEWEST
    if asked.called and len(asked.called) != count:
        raise DomainError(f"{count} parts need {count} names, not {list(asked.called)}")
    if not _FEWEST <= count <= _MOST:
        raise DomainError(f"a domain is split into {_FEWEST} to {_MOST} parts, not {count}")
    return Split(domain, asked.called or tuple(f"{domain}.{i}" for i in range(1, count + 1)))


def _read(entry: Mapping[str, Any]) -> Split:
    return Split(text(entry, "split"), texts(entry, "as", least=_FEWEST))


SPLIT = Kind("split", "DOMAIN [--into N] [--as NAME]…", _of, _read)
