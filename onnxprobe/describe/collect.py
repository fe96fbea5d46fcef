"""Attributes of pictures, looked at once and kept."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

import onnxprobe
from onnxprobe.atomic import replacing
from onnxprobe.describe.attributes import ATTRIBUTES, Seen, Value
from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.images import Source
from onnxprobe.images.names import printable
from onnxprobe.machine import cores
from onnxprobe.progress import Progress, silent

_FILE: Final = "attributes.parquet"
_KEY: Final = b"onnxprobe.attributes"
_BLOCK: Final = 2_000
"""Pictures after which what is known is written down."""

Columns = Mapping[str, Sequence[Value]]


def collected(
    cache: Path, source: Source | None, paths: Sequence[str], *, progress: Progress = silent
) -> Columns:
    """Return the attributes of the pictures ``paths``, each a column of ``len(paths)`` values.

    What is in ``cache`` is read there; the other pictures are read from ``source`` and kept. A
    picture that cannot be read, as all are without a source, has none.
    """
    file, known = cache / _FILE, _read(cache / _FILE)
    missing = [path for path in dict.fromkeys(paths) if printable(path) not in known]
    if source is not None and missing:
        progress("looking at pictures", len(paths) - len(missing), len(paths))
        for path, row in _looked_at(source, missing):
            known[printable(path)] = row
            if len(known) % _BLOCK == 0:
                _write(known, file)
            progress("looking at pictures", len(known), max(len(paths), len(known)))
        _write(known, file)
    nothing = dict.fromkeys(ATTRIBUTES)
    rows = [known.get(printable(path), nothing) for path in paths]
    return {name: [row[name] for row in rows] for name in ATTRIBUTES}


def look(source: Source, path: str) -> dict[str, Value]:
    """Return the attributes of one picture; of one that cannot be read, none."""
    try:
        seen = Seen(path, source.read(path))
    except OSError:
        return dict.fromkeys(ATTRIBUTES)
    return {name: attribute.of(seen) for name, attribute in ATTRIBUTES.items()}


def _looked_at(source: Source, paths: Sequence[str]) -> Iterator[tuple[str, dict[str, Value]]]:
    with quiet_opencv(), ThreadPoolExecutor(cores(), "look") as pool:
        try:
            rows = pool.map(lambda path: look(source, path), paths)
            yield from zip(paths, rows, strict=True)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read(file: Path) -> dict[str, dict[str, Value]]:
    """Return what is kept, by name; nothing where it is of another version, or damaged."""
    try:
        table = parquet.read_table(file)
        if table.schema.metadata[_KEY] != _version():
            return {}
    except (OSError, KeyError, TypeError, pa.ArrowInvalid):
        return {}  # looked at again: it is only kept to save time
    rows = table.drop_columns("path").to_pylist()
    return dict(zip(table["path"].to_pylist(), rows, strict=True))


def _write(known: Mapping[str, Mapping[str, Value]], file: Path) -> None:
    columns = {name: [row[name] for row in known.values()] for name in ATTRIBUTES}
    table = pa.table({"path": list(known)} | columns)
    with replacing(file) as temporary:
        parquet.write_table(table.replace_schema_metadata({_KEY: _version()}), temporary)


def _version() -> bytes:
    return json.dumps([onnxprobe.__version__, *ATTRIBUTES]).encode()
