"""Columns of a table that people have, as attributes of pictures."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from onnxprobe.describe.attributes import ATTRIBUTES, Value
from onnxprobe.errors import PicturesError, quoted
from onnxprobe.images.names import printable

_KINDS: Final = 10
"""Different whole numbers up to which a column of them is one of categories."""


def label_columns(file: str | Path, paths: Sequence[str]) -> dict[str, list[Value]]:
    """Return the columns of a CSV file, each with a value for each of ``paths``.

    The column ``path`` names the pictures; where none is called that, the first does.
    A column of numbers is one of numbers, unless they are few different whole ones. An empty field,
    and a picture that has no row, is nothing.

    Raises:
        PicturesError: it is no table, has one column alone, or knows none of the pictures.
    """
    file = Path(file)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            names = list(reader.fieldnames or ())
            key = "path" if "path" in names else next(iter(names), "")
            rows = {row.get(key) or "": row for row in reader}
    except OSError as error:
        raise PicturesError(f"the labels {str(file)!r} cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise PicturesError(f"the labels {str(file)!r} are not CSV in UTF-8: {error}") from None
    if len(names) < 2:  # noqa: PLR2004
        raise PicturesError(
            f"the labels {str(file)!r} need a column 'path' and others; there is "
            f"{quoted(names) or 'none'}"
        )
    known = [rows.get(printable(path)) for path in paths]
    if not any(known):
        first = next(iter(rows), "")
        raise PicturesError(
            f"the labels {str(file)!r} name none of the pictures; the first is called {paths[0]!r}, "
            f"the first row is about {first!r}"
        )
    return {
        _free(name): _values([(row or {}).get(name) or "" for row in known])
        for name in names
        if name and name != key
    }


def _free(name: str) -> str:
    return f"{name} (label)" if name in ATTRIBUTES or name == "channel" else name


def _values(texts: Sequence[str]) -> list[Value]:
    numbers = [_number(text) for text in texts]
    said = [n for n, text in zip(numbers, texts, strict=True) if text]
    kinds = {number for number in said if number is not None and number == int(number)}
    if None in said or (len(kinds) <= _KINDS and len(set(said)) == len(kinds)):
        return [text or None for text in texts]
    return list(numbers)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
