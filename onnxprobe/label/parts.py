"""Into which parts pictures fall: by the folder they lie in, or by a column of a table."""

import csv
import re
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from onnxprobe.errors import NoSuchNameError, PicturesError, quoted
from onnxprobe.images.names import printable

FOLDER: Final = "folder"
UNKNOWN: Final = "(not in the table)"
"""Part of pictures that the table does not name."""
EMPTY: Final = "(empty)"
"""Part of pictures of which the table says nothing."""
SPANS: Final = {"year": 4, "month": 7, "day": 10}
"""How many characters of a date (2024-05-17) say which span it falls into."""
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

PartOf = Callable[[str], str]
"""From the name of a picture to the name of its part."""


def part_of(said: str, names: Sequence[str] = ()) -> PartOf:
    """Return what tells parts apart.

    Args:
        said: ``folder``, or ``TABLE:COLUMN`` for a column of a CSV or Parquet file whose column
            ``path`` names the pictures, or ``TABLE:COLUMN:month`` (``year``, ``day``) where the
            column holds dates.
        names: of the pictures, where they are known already.

    Raises:
        PicturesError: it is none of these, or the table cannot be read, or names no picture.
        NoSuchNameError: the table has no such column.
    """
    if said == FOLDER:
        return _folder
    table, colon, column = said.rpartition(":")
    length = None
    if column in SPANS and ":" in table:
        length = SPANS[column]
        table, colon, column = table.rpartition(":")
    if not (table and colon and column):
        raise PicturesError(
            f"pictures are told apart by 'folder', or by TABLE:COLUMN such as facts.csv:camera or "
            f"facts.csv:date:month, not {said!r}"
        )
    values = dict(_cut(_rows(Path(table), column), length, said))
    _require_named(table, values, names)
    return lambda name: values.get(printable(name), UNKNOWN)


def _require_named(table: str, values: Collection[str], names: Sequence[str]) -> None:
    """Refuse a table that names no picture, and warn of one that does not name all."""
    others = [name for name in map(printable, names) if name not in values]
    if not others:
        return
    first = f"its column 'path' has {next(iter(values), '')!r}, "
    if len(others) == len(names):
        raise PicturesError(
            f"the table {table!r} names none of the pictures: {first}the first picture is {others[0]!r}"
        )
    warnings.warn(
        f"the table {table!r} names {len(names) - len(others):,} of the {len(names):,} pictures; those "
        f"it does not name ({len(others) / len(names):.1%}, such as {others[0]!r}) are one part, "
        f"{UNKNOWN!r}",
        RuntimeWarning,
        stacklevel=3,
    )


def _folder(name: str) -> str:
    return printable(name.rpartition("/")[0]) or "."


def _cut(
    rows: Iterator[tuple[str, str]], length: int | None, said: str
) -> Iterator[tuple[str, str]]:
    for path, value in rows:
        if length is not None and value and not _DATE.match(value):
            raise PicturesError(
                f"{said!r} wants dates such as 2024-05-17, but {path!r} has {value!r}"
            )
        yield path, value[:length] or EMPTY


def _rows(path: Path, column: str) -> Iterator[tuple[str, str]]:
    read = _parquet if path.suffix == ".parquet" else _csv
    try:
        yield from read(path, column)
    except OSError as error:
        raise PicturesError(f"the table {str(path)!r} cannot be read: {_why(error)}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise PicturesError(f"the table {str(path)!r} is not CSV in UTF-8: {error}") from None


def _csv(path: Path, column: str) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        _require(path, column, list(rows.fieldnames or ()))
        for row in rows:
            yield row["path"] or "", row[column] or ""


def _parquet(path: Path, column: str) -> Iterator[tuple[str, str]]:
    try:
        with parquet.ParquetFile(path) as file:
            _require(path, column, file.schema_arrow.names)
            for batch in file.iter_batches(columns=["path", column]):
                values = (str(v.as_py()) if v.is_valid else "" for v in batch.column(column))
                yield from zip(batch.column("path").to_pylist(), values, strict=True)
    except pa.ArrowInvalid as error:
        raise PicturesError(f"the table {str(path)!r} is not Parquet: {_why(error)}") from None


def _require(path: Path, column: str, names: list[str]) -> None:
    if "path" not in names:
        raise PicturesError(
            f"the table {str(path)!r} has no column 'path' that names the pictures; there is "
            f"{quoted(names) or 'none'}"
        )
    if column not in names:
        raise NoSuchNameError(f"column in {str(path)!r}", column, names)


def _why(error: Exception) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split())
