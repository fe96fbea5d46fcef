"""An HDF5 file with a dataset of pictures: as numbers, or as the bytes of files."""

import weakref
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place, require_at_most
from onnxprobe.images.sources._arrays import PIXELS, axes
from onnxprobe.images.sources._base import Held, Kind, numbered, row_of
from onnxprobe.images.sources._parts import Parts

_MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_DATASETS: Final = Parts("dataset", f"{PIXELS}, or variable-length uint8, the bytes of a file each")


class Hdf5(Held):
    """Pictures in one dataset of an HDF5 file; a name is the number of the row."""

    kind: ClassVar[str] = "hdf5"

    def __init__(self, place: Place, dataset: str = "") -> None:
        """Find the dataset.

        Raises:
            PicturesError: the file is damaged, or not one dataset of it holds pictures.
            NoSuchNameError: ``dataset`` is not one that does.
        """
        import h5py  # noqa: PLC0415  slow to import

        self.path: Path | str = place.path
        try:
            self._file = h5py.File(place.for_library(), "r")
            weakref.finalize(self, self._file.close)
            found, others = _datasets(self._file)
        except (OSError, RuntimeError, KeyError) as error:
            raise PicturesError(f"{str(self.path)!r} cannot be read as HDF5: {error}") from None
        name = _DATASETS.chosen(dataset.strip("/"), list(found), others, place)
        self._data, self._encoded = found[name]
        self._row_bytes = prod(self._data.shape[1:]) * self._data.dtype.itemsize
        self.names = numbered(len(self._data), place)

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return one picture as a file."""
        at = row_of(name, len(self.names))
        require_at_most(self._row_bytes, most)
        try:
            row = self._data[at]
        except (OSError, RuntimeError, KeyError) as error:
            raise OSError(str(error)) from error
        require_at_most(row.nbytes, most)  # only now known where each row has a length of its own
        return self._encoded(row)


_Found = dict[str, tuple[Any, Callable[[Any], bytes]]]


def _datasets(file: Any) -> tuple[_Found, dict[str, str]]:
    """Return the datasets that hold pictures, each with what makes a file of a row, and the others."""
    import h5py  # noqa: PLC0415  slow to import

    found: _Found = {}
    others: dict[str, str] = {}

    def look(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.ndim == 1 and h5py.check_vlen_dtype(item.dtype) == np.uint8:
            found[name] = (item, _bytes_of)
        elif (shown := axes(item.shape, item.dtype)) is not None:
            found[name] = (item, shown.encoded)
        else:
            others[name] = f"{item.dtype} {list(item.shape or ())}"

    file.visititems(look)
    return found, others


def _bytes_of(row: Any) -> bytes:
    return np.asarray(row, np.uint8).tobytes()


def _matches(_place: Place, head: bytes) -> bool:
    return head.startswith(_MAGIC)


HDF5 = Kind("hdf5", _matches, Hdf5, (".h5", ".hdf5"), part="a dataset")
