"""Have a few domains, and no others."""

from dataclasses import dataclass
from typing import ClassVar

from onnxprobe.domains.edits._base import Choosing, Kind, Parted
from onnxprobe.domains.grouping import Grouping


@dataclass(frozen=True, slots=True)
class Keep(Choosing):
    """Keep ``domains`` alone; what another run finds beside them is not kept either."""

    word: ClassVar[str] = "keep"

    def __call__(self, grouping: Grouping, parted: Parted) -> Grouping:  # noqa: ARG002  as all edits
        """Return these groups, in the order in which they are."""
        return grouping.only(sorted(set(map(grouping.place, self.domains))))


KEEP = Kind(Keep.word, "DOMAIN…", Keep.of, Keep.read)
