"""What can be said of domains, one edit a file."""

from typing import Final

from onnxprobe.domains.edits._base import Asked, Edit, Kind, Parted
from onnxprobe.domains.edits.drop import DROP, Drop
from onnxprobe.domains.edits.keep import KEEP, Keep
from onnxprobe.domains.edits.merge import MERGE, Merge
from onnxprobe.domains.edits.rename import RENAME, Rename
from onnxprobe.domains.edits.split import SPLIT, Split
from onnxprobe.registry import Registry

EDITS: Final = Registry("edit", [RENAME, MERGE, SPLIT, DROP, KEEP])

__all__ = [
    "EDITS",
    "Asked",
    "Drop",
    "Edit",
    "Keep",
    "Kind",
    "Merge",
    "Parted",
    "Rename",
    "Split",
]
