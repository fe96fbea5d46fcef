"""A Parquet file with a column of pictures, as Hugging Face's datasets are."""

import threading
import warnings
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from onnxprobe.errors import PicturesError
from onnxprobe.images.places import Place, require_at_most
from onnxprobe.images.sources._base import Held, Kind, numbered, row_of
from onnxprobe.images.sources._parts import Parts
from onnxprobe.images.sources._recent import Recent

_COLUMNS: Final = Parts("column", "binary, or {bytes, path}, a file in each row")
_KEPT: Final = 1 << 30
"""Bytes of row groups kept in memory, of all files together."""


def _nbytes(block: Any) -> int:
    return int(block.nbytes)


_RECENT: Final[Recent[Any]] = Recent(_KEPT, _nbytes)


class Parquet(Held):
    """Pictures in one column; a name is the number of the row.

    The column holds the bytes of files, or ``{bytes, path}``; a picture without bytes is read from
    its path, which starts at the folder of the Parquet file. Parquet is read by row groups: pictures
    of one that was read lately come from memory. Pages that have a checksum are compared with it.
    """

    kind: ClassVar[str] = "parquet"

    def __init__(self, place: Place, column: str = "") -> None:
        """Read the footer.

        Raises:
            PicturesError: the file is damaged, or not one column of it holds pictures.
            NoSuchNameError: ``column`` is not one that does.
        """
        import pyarrow as pa  # noqa: PLC0415  slow to import
        from pyarrow import parquet  # noqa: PLC0415

        self.path: Path | str = place.path
        self._place, self._lock, self._key = place, threading.Lock(), object()
        try:
            self._file = parquet.ParquetFile(place.for_library(), page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise PicturesError(f"{str(self.path)!r} cannot be read as Parquet: {error}") from None
        kinds = {field.name: field.type for field in self._file.schema_arrow}
        found = [name for name, kind in kinds.items() if _holds_pictures(kind)]
        others = {name: str(kind) for name, kind in kinds.items() if name not in found}
        self._column = _COLUMNS.chosen(column, found, others, place)
        facts = self._file.metadata
        rows = [facts.row_group(i).num_rows for i in range(facts.num_row_groups)]
        self._stops = np.cumsum(rows, dtype=np.int64)
        self._starts = self._stops - rows
        self.names = numbered(sum(rows), place)
        _warn_of_large_groups(facts, self.path)

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of one picture."""
        row = row_of(name, len(self.names))
        group = int(np.searchsorted(self._stops, row, "right"))
        column = _RECENT.get((self._key, group), lambda: self._group(group))
        value = column[row - int(self._starts[group])].as_py()
        data = value.get("bytes") if isinstance(value, dict) else value
        if data is not None:
            require_at_most(len(data), most)
            return bytes(data)
        path = value.get("path") if isinstance(value, dict) else None
        if not path:
            raise OSError("the row has no picture")
        return self._place.beside(path).read(most)

    def _group(self, group: int) -> Any:
        import pyarrow as pa  # noqa: PLC0415  slow to import

        try:
            with self._lock:
                return self._file.read_row_group(group, columns=[self._column])[self._column]
        except pa.ArrowException as error:
            raise OSError(str(error)) from error


def _holds_pictures(kind: Any) -> bool:
    from pyarrow import types  # noqa: PLC0415  slow to import

    if types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _holds_pictures(kind.field(index).type)
    if types.is_dictionary(kind):
        return _holds_pictures(kind.value_type)
    binary = (
        types.is_binary,
        types.is_large_binary,
        types.is_binary_view,
        types.is_fixed_size_binary,
    )
    return any(holds(kind) for holds in binary)


def _warn_of_large_groups(facts: Any, path: Path | str) -> None:
    """Say so where pictures, taken in a shuffled order, will read the file many times over."""
    sizes = [facts.row_group(i).total_byte_size for i in range(facts.num_row_groups)]
    if sum(sizes) > _KEPT and max(sizes) > _KEPT // 64:
        warnings.warn(
            f"{str(path)!r} keeps {facts.num_rows // len(sizes):,} pictures in a row group of "
            f"{max(sizes) >> 20} MB, and reads them all for one; write it with smaller row groups, "
            "or as a tar, to read it faster",
            RuntimeWarning,
            stacklevel=2,
        )


def _matches(_place: Place, head: bytes) -> bool:
    return head.startswith(b"PAR1")


PARQUET = Kind("parquet", _matches, Parquet, (".parquet",), part="a column")
