"""Make one domain of several."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onnxprobe.domains.edits._base import Asked, Kind, Parted, Several, text, texts
from onnxprobe.domains.grouping import Group, Grouping
from onnxprobe.errors import DomainError


@dataclass(frozen=True, slots=True)
class Merge(Several):
    """Put all pictures of ``domains`` into one that is called ``name``.

    It stands where the first of them stood, and is looked for in the view of the largest.
    """

    name: str

    @property
    def made(self) -> tuple[str, ...]:
        """What they are called together."""
        return (self.name,)

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:  # noqa: ARG002  as all edits
        """Return the groups, those in ``domains`` as one."""
        places = sorted(map(grouping.place, self.domains))
        member = grouping.member[:, places]
        largest = grouping.groups[places[int(member.sum(axis=0).argmax())]]
        merged = Group(self.name, largest.view, largest.depth)
        if len(places) == 1:  # the others were not found again
            merged = replace(largest, name=self.name)
        others = grouping.only([i for i in range(len(grouping)) if i not in places])
        return others.put(places[0], merged, np.asarray(member.any(axis=1)))

    def entry(self) -> dict[str, Any]:
        """Return ``merge`` and ``as``."""
        return {"merge": list(self.domains), "as": self.name}


def _of(asked: Asked) -> Merge:
    asked.at_least(2, "two domains or more")
    asked.without("--into")
    if len(asked.called) > 1:
        raise DomainError(f"one domain has one name, not {list(asked.called)}")
    domains = asked.domains()
    return Merge(domains, asked.called[0] if asked.called else domains[0])


def _read(entry: Mapping[str, Any]) -> Merge:
    domains = texts(entry, "merge", least=2)
    return Merge(domains, text(entry, "as") if "as" in entry else domains[0])


MERGE = Kind("merge", "DOMAIN DOMAIN… [--as NAME]", _of, _read)
