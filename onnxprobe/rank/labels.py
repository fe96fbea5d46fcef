"""Labels of pictures, from a table."""

import csv
from pathlib import Path

from onnxprobe.errors import PicturesError, quoted


def read_labels(
    path: str | Path, *, columns: tuple[str, str] = ("path", "label")
) -> dict[str, str]:
    """Return the label of each picture that a CSV file names; rows with an empty one are left out.

    Args:
        path: of the file, UTF-8, with a header.
        columns: which hold the name of a picture, as its source has it, and its label.

    Raises:
        PicturesError: there is no such file, it is no table, or it lacks one of the columns.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            _require(rows.fieldnames or (), columns, path)
            name, label = columns
            return {row[name]: row[label] for row in rows if row[name] and row[label]}
    except OSError as error:
        raise PicturesError(f"the labels {str(path)!r} cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise PicturesError(f"the labels {str(path)!r} are not CSV in UTF-8: {error}") from None


def _require(there: object, columns: tuple[str, str], path: Path) -> None:
    names = list(there) if isinstance(there, (list, tuple)) else []
    missing = [name for name in columns if name not in names]
    if missing:
        raise PicturesError(
            f"the labels {str(path)!r} have no column {quoted(missing)}; there is "
            f"{quoted(names) or 'none'}; name the two that count with --columns PATH,LABEL"
        )
