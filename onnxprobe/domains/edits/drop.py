"""Take domains away."""

from dataclasses import dataclass
from typing import ClassVar

from onnxprobe.domains.edits._base import Choosing, Kind, Parted
from onnxprobe.domains.grouping import Grouping
from onnxprobe.errors import DomainError


@dataclass(frozen=True, slots=True)
class Drop(Choosing):
    """Have ``domains`` no more; their pictures stay, in whatever other domains they are."""

    word: ClassVar[str] = "drop"

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:  # noqa: ARG002  as all edits
        """Return the other groups."""
        gone = set(map(grouping.place, self.domains))
        if len(gone) == len(grouping):
            raise DomainError("no domain would be left, and a model without one has no head")
        return grouping.only([i for i in range(len(grouping)) if i not in gone])


DROP = Kind(Drop.word, "DOMAIN…", Drop.of, Drop.read)
