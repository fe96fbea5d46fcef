"""Files that labels are written to."""

from pathlib import Path
from typing import Final

from onnxprobe.errors import OnnxprobeError
from onnxprobe.label.formats._base import Format
from onnxprobe.label.formats.hdf5 import HDF5
from onnxprobe.label.formats.parquet import PARQUET
from onnxprobe.registry import Registry

FORMATS: Final = Registry("format of labels", [PARQUET, HDF5])


def format_of(path: Path) -> Format:
    """Return the format that the ending of ``path`` asks for.

    Raises:
        OnnxprobeError: labels are not written in any such.
    """
    for known in FORMATS.values():
        if path.suffix.lower() in known.suffixes:
            return known
    endings = " or ".join(known.suffixes[0] for known in FORMATS.values())
    raise OnnxprobeError(f"labels are written to a file that ends in {endings}, not {str(path)!r}")


__all__ = ["FORMATS", "Format", "format_of"]
