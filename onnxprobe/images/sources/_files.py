"""Pictures that are files of their own, under one folder."""

from dataclasses import dataclass, field
from pathlib import Path

from onnxprobe.images.places import Place


@dataclass(frozen=True, slots=True)
class Files:
    """Pictures under a folder; a name is the path from there, with ``/`` between parts."""

    kind: str
    place: Place = field(repr=False)
    names: tuple[str, ...] = field(repr=False)

    @property
    def path(self) -> Path | str:
        """The folder."""
        return self.place.path

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        return self.place.content(name, most)
