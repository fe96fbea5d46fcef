"""The groups as a recipe found them, kept beside what people made of them: ``found.parquet``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from onnxprobe.atomic import replacing
from onnxprobe.domains.grouping import Group, Grouping
from onnxprobe.errors import DomainError

NAME: Final = "found.parquet"
_KEY: Final = b"onnxprobe.groups"


def write_found(folder: Path, **groupings: Grouping) -> None:
    """Write groupings of the same or other pictures to the file in ``folder``, each under its name.

    A row is a picture in a group: ``which`` grouping, ``path``, and ``group``, the id. The groups
    themselves are in the file's metadata.
    """
    which: list[str] = []
    path: list[str] = []
    group: list[int] = []
    for name, grouping in groupings.items():
        rows, columns = np.nonzero(grouping.member)
        which += [name] * len(rows)
        path += [grouping.paths[row] for row in rows]
        group += columns.tolist()
    said = {name: list(map(asdict, grouping.groups)) for name, grouping in groupings.items()}
    table = pa.table({"which": pa.array(which, pa.string()), "path": path, "group": group})
    with replacing(folder / NAME) as temporary:
        parquet.write_table(
            table.replace_schema_metadata({_KEY: json.dumps(said).encode()}), temporary
        )


def read_found(folder: Path) -> dict[str, Grouping] | None:
    """Return what :func:`write_found` wrote, of the pictures that are in any group; or nothing.

    Raises:
        DomainError: the file is damaged.
    """
    file = folder / NAME
    if not file.is_file():
        return None
    try:
        table = parquet.read_table(file)
        said: dict[str, Any] = json.loads(table.schema.metadata[_KEY])
        which = np.array(table["which"].to_pylist(), object)
        path = np.array(table["path"].to_pylist(), object)
        group = table["group"].to_numpy()
        found = {}
        for name, groups in said.items():
            rows = which == name
            names, place = np.unique(path[rows].astype(str), return_inverse=True)
            member = np.zeros((len(names), len(groups)), bool)
            member[place, group[rows]] = True
            kept = tuple(Group(**entry) for entry in groups)
            found[name] = Grouping(tuple(map(str, names)), kept, member)
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError, IndexError) as error:
        raise DomainError(
            f"{str(file)!r} is damaged; delete it, and run the recipe again"
        ) from error
    return found


def joined(one: Grouping, other: Grouping) -> Grouping:
    """Return the groups of both, of all their pictures."""
    paths = tuple(dict.fromkeys((*one.paths, *other.paths)))
    member = np.hstack([on(one, paths).member, on(other, paths).member])
    return Grouping(paths, (*one.groups, *other.groups), member)


def on(grouping: Grouping, paths: tuple[str, ...]) -> Grouping:
    """Return the same groups of the pictures ``paths``, in their order; others are in none."""
    place = {path: row for row, path in enumerate(grouping.paths)}
    rows = np.array([place.get(path, -1) for path in paths], np.int64)
    nobody = np.zeros((1, len(grouping)), bool)
    return Grouping(paths, grouping.groups, np.vstack([grouping.member, nobody])[rows])
