"""A ``.npy`` file that holds pictures, read in place."""

from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.lib import format as npy

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place, buffered, require_at_most
from onnxprobe.images.sources._arrays import required
from onnxprobe.images.sources._base import Held, Kind, numbered, row_of

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Npy(Held):
    """Pictures in an array; a name is the number of the row."""

    kind: ClassVar[str] = "npy"

    def __init__(self, place: Place, _part: str = "") -> None:
        """Read the header.

        Raises:
            PicturesError: it is damaged, or does not hold pictures.
        """
        self.path: Path | str = place.path
        self._file = place.opened()
        shape, self._dtype, self._start = self._header()
        self._axes = required(shape, self._dtype, f"the array in {str(self.path)!r}")
        self._shape = shape[1:]
        self._stride = prod(self._shape) * self._dtype.itemsize
        if self._file.size < self._start + shape[0] * self._stride:
            raise PicturesError(f"{str(self.path)!r} is cut short: it ends before its last picture")
        self.names = numbered(shape[0], place)

    def _header(self) -> tuple[tuple[int, ...], np.dtype[Any], int]:
        file = buffered(self._file, 1 << 12)
        try:
            shape, fortran, dtype = _HEADERS[npy.read_magic(file)](file)
        except (ValueError, KeyError) as error:
            raise PicturesError(f"{str(self.path)!r} is no .npy file: {error}") from None
        if fortran:
            raise PicturesError(
                f"{str(self.path)!r} is in Fortran order, so no picture is in one piece; write it "
                "again with: numpy.save(path, numpy.ascontiguousarray(array))"
            )
        return shape, dtype, file.tell()

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return one picture as a file."""
        start = self._start + row_of(name, len(self.names)) * self._stride
        require_at_most(self._stride, most)
        data = self._file.read(start, start + self._stride)
        return self._axes.encoded(np.frombuffer(data, self._dtype).reshape(self._shape))


def _matches(_place: Place, head: bytes) -> bool:
    return head.startswith(npy.MAGIC_PREFIX)


NPY = Kind("npy", _matches, Npy, (".npy",))
