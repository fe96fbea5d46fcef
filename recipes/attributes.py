"""What is known of some pictures: attributes, from a table."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from onnxprobe.errors import RecipeError, quoted
from onnxprobe.recipe import Kept, Run
from onnxprobe.recipe.kinds import Count
from recipes.embedding import Embedded
from recipes.grouped import Grouped

PATH: Final = "path"
_NO: Final = frozenset({"0", "no", "false", "n"})
_YES: Final = frozenset({"1", "yes", "true", "y"})
Table = Mapping[str, Mapping[str, str]]
"""Path to attribute to value; what is not known is not there."""


@dataclass(frozen=True)
class Attributes:
    """Attributes of some of the pictures; each value is a domain of its own, yes and no are one.

    Attributes:
        file: a CSV file with a column ``path``; each other column is an attribute, and an empty cell
            means that nobody knows.
        columns: the attributes that count; all where none is named.
        smallest: pictures that must have a value, and that must not, for it to be learnt.
    """

    file: str = ""
    columns: tuple[str, ...] = ()
    smallest: Count = 12

    def check(self) -> None:
        """Look whether the table is there, with its columns.

        Raises:
            RecipeError: it is not.
        """
        _read(self.file, self.columns)

    def read(self, embedded: Embedded) -> Kept[Grouped]:
        """Return the values that are known of enough pictures, as groups of the first view.

        Raises:
            RecipeError: there is no such file, it has no such columns, two values would
                have one name, or nothing in it can be learnt.
        """
        from onnxprobe.images.names import printable

        table, columns = _read(self.file, self.columns)
        rows = [table.get(printable(path), {}) for path in embedded.paths]
        if not any(rows):
            raise RecipeError(
                f"{self.file!r} says nothing of the pictures; its first path is "
                f"{next(iter(table), '')!r}, the first picture {printable(embedded.paths[0])!r}"
            )
        found = [group for column in columns for group in _groups(column, rows, self.smallest)]
        if not found:
            raise RecipeError(
                f"no attribute in {self.file!r} has a value with {self.smallest} pictures inside and as "
                "many outside; tell more, or lower attributes.smallest"
            )
        names, member, known = zip(*found, strict=True)
        twice = next((name for name, times in Counter[str](names).items() if times > 1), None)
        if twice is not None:
            raise RecipeError(
                f"two attributes in {self.file!r} would both be called {twice!r}; rename a column"
            )
        view = (next(iter(embedded.views.value)),) * len(names)
        grouped = Grouped(
            np.column_stack(member), view, (None,) * len(names), names, np.column_stack(known)
        )
        packed = (np.packbits(grouped.member), np.packbits(np.column_stack(known)))
        key = Run.key(
            "attributes", embedded.views.key, *names, *(p.tobytes().hex() for p in packed)
        )
        return Kept(grouped, key)


def _read(file: str, wanted: Sequence[str]) -> tuple[Table, list[str]]:
    if not file:
        raise RecipeError("what is known is missing; name a table: --set attributes.file=FILE.csv")
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            columns = [name for name in reader.fieldnames or () if name != PATH]
            missing = [name for name in wanted if name not in columns]
            if missing or not columns or PATH not in (reader.fieldnames or ()):
                raise RecipeError(
                    f"{file!r} has no column {quoted(missing or [PATH])}; there is "
                    f"{quoted(reader.fieldnames or ()) or 'none'}"
                )
            table = {
                row[PATH]: {
                    name: row[name].strip() for name in columns if (row[name] or "").strip()
                }
                for row in reader
            }
    except OSError as error:
        raise RecipeError(f"{file!r} cannot be read: {error.strerror}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise RecipeError(f"{file!r} is not CSV in UTF-8: {error}") from None
    return table, list(wanted) or columns


def _groups(
    column: str, rows: Sequence[Mapping[str, str]], smallest: int
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return name, members ``(n,)`` and known rows ``(n,)`` of each value of an attribute."""
    from onnxprobe.images.names import printable

    values = [row.get(column) for row in rows]
    counts = Counter(value for value in values if value is not None)
    known = np.array([value is not None for value in values])
    if set(map(str.lower, counts)) <= _NO | _YES:
        named = {
            printable(column): [value is not None and value.lower() in _YES for value in values]
        }
    else:
        named = {
            printable(f"{column}: {name}"): [value == name for value in values]
            for name in sorted(counts)
        }
    found = [(name, np.array(member), known) for name, member in named.items()]
    return [one for one in found if smallest <= one[1].sum() <= known.sum() - smallest]
