"""Labels as a Parquet table, a row a picture."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from onnxprobe.images.names import printable
from onnxprobe.label.answers import Answers, Chunk
from onnxprobe.label.formats._base import FACTS, Format, column
from onnxprobe.label.heads import Head

_ROW_GROUP: Final = 65_536
"""Rows written at a time, about."""


def _write(
    path: Path,
    chunks: Iterator[Chunk],
    heads: Sequence[Head],
    _pictures: int,
    facts: Callable[[], str],
) -> None:
    schema = _schema(heads)
    with parquet.ParquetWriter(path, schema) as writer:
        waiting, rows = [], 0
        for chunk in chunks:
            waiting.append(_table(chunk, heads, schema))
            rows += len(chunk.names)
            if rows >= _ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting, rows = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        writer.add_key_value_metadata({FACTS: facts()})


def _schema(heads: Sequence[Head]) -> pa.Schema:
    columns = [(column(head, heads, name), kind) for head in heads for name, kind in _columns(head)]
    return pa.schema([("path", pa.string()), *columns, ("status", pa.string())])


def _columns(head: Head) -> Iterator[tuple[str, pa.DataType]]:
    yield "id", pa.int64()
    if head.threshold:
        yield "ids", pa.list_(pa.int64())
    yield "name", pa.string()
    yield "confidence", pa.float32()


def _table(chunk: Chunk, heads: Sequence[Head], schema: pa.Schema) -> pa.Table:
    columns: dict[str, Any] = {
        "path": [printable(name) for name in chunk.names],
        "status": list(chunk.statuses),
    }
    for head, said in zip(heads, chunk.answers, strict=True):
        made = _answered(head, said, chunk.kept, len(chunk.names))
        columns |= {column(head, heads, name): made[name] for name, _ in _columns(head)}
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def _answered(
    head: Head, said: Answers, kept: NDArray[np.int64], count: int
) -> dict[str, pa.Array]:
    """Return the columns of one head; what could not be labelled has no values."""
    absent = np.ones(count, bool)
    absent[kept] = False

    def spread(values: NDArray[Any]) -> pa.Array:
        whole = np.zeros(count, values.dtype)
        whole[kept] = values
        return pa.array(whole, mask=absent)

    known = (said.ids >= 0) & (said.ids < len(head.classes))
    place = spread(np.where(known, said.ids, len(head.classes)))
    sizes = np.zeros(count + 1, np.int32)
    sizes[kept + 1] = said.member.sum(axis=1)
    return {
        "id": spread(said.ids),
        "ids": pa.ListArray.from_arrays(
            pa.array(np.cumsum(sizes, dtype=np.int32)),
            pa.array(np.nonzero(said.member)[1].astype(np.int64)),
            mask=pa.array(absent),
        ),
        "name": pa.array([*head.classes, None], pa.string()).take(place),
        "confidence": spread(said.confidence),
    }


PARQUET: Final = Format("parquet", (".parquet",), _write)
