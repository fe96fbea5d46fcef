"""Run a fused model over pictures: what its heads say of each, as a Parquet file."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from onnxprobe.atomic import replacing
from onnxprobe.embed.disk import refused
from onnxprobe.embed.network import Network
from onnxprobe.embed.stop import stoppable, until
from onnxprobe.embed.stream import Batch, stream
from onnxprobe.errors import OnnxprobeError, PicturesError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.images import MAX_PIXELS, Preprocess, Source, preprocess_for
from onnxprobe.images.names import printable
from onnxprobe.progress import Progress, silent

HEADS_KEY: Final = "onnxprobe.heads"
NONE: Final = -1
"""Class of a picture that is in none."""
_ROW_GROUP: Final = 65_536
"""Rows written at a time, about."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a head of a fused model says which class a picture is in.

    Attributes:
        prefix: what its outputs begin with: ``…_id`` int64 ``(N, 1)`` and ``…_confidence``
            float32 ``(N, 1)``.
        classes: their names, by id.
    """

    prefix: str
    classes: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, str]:
        """The two outputs."""
        return f"{self.prefix}_id", f"{self.prefix}_confidence"


def answers(model: Model) -> tuple[Answer, ...]:
    """Return the heads of a fused model that say a class.

    Raises:
        OnnxprobeError: there are none, or what the file says of them cannot be understood.
    """
    try:
        said = json.loads(model.metadata.get(HEADS_KEY, "[]"))
        found = [Answer(s["prefix"], tuple(map(str, s["classes"]))) for s in said if "classes" in s]
    except (ValueError, TypeError, KeyError):
        raise OnnxprobeError(
            f"what the model says of its heads ({HEADS_KEY!r}) is damaged"
        ) from None
    heads = tuple(head for head in found if set(head.outputs) <= set(model.outputs))
    if not heads:
        raise OnnxprobeError(
            "the model has no head of onnxprobe that says a class; fuse one into it with: "
            "onnxprobe run-recipe"
        )
    return heads


def label(  # noqa: PLR0913  every setting of the command
    model: Model | Path,
    source: Source,
    out: str | Path,
    *,
    preprocess: Preprocess | None = None,
    batch: int | None = None,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    progress: Progress = silent,
) -> dict[str, int]:
    r"""Write what the heads of ``model`` say of every picture to the Parquet file ``out``.

    One row a picture, sorted by path: ``path``, ``id`` (−1 for none of the classes), ``name``,
    ``confidence``, and ``status``, what became of the picture; what is not ``ok`` has no id, name
    or confidence. With several heads the three columns are there for each, behind its prefix. A
    path that is not UTF-8 has its odd bytes written as ``\xff``.

    Args:
        model: a fused model.
        source: the pictures.
        out: the file; it is there whole or not at all.
        preprocess: what is done to a picture first; by default what the model says of itself.
        batch: pictures per run; by default what the model fixes, else 8.
        threads: runs at once, each on one core; all cores by default.
        max_pixels: a larger picture is refused by its header.
        progress: told how many pictures are done.

    Returns:
        How many pictures have each status, the most frequent first.

    Raises:
        OnnxprobeError: the model has no head, the file cannot be written, or the work was stopped.
        PicturesError: the model takes no pictures; or none can be used, which the file says.
    """
    model = load(model) if isinstance(model, Path) else model
    heads, path = answers(model), Path(out)
    prepared, _ = preprocess_for(model, preprocess)
    outputs = [name for head in heads for name in head.outputs]
    counts: Counter[str] = Counter()
    with stoppable() as stop:
        network = Network.of(model, outputs, prepared, batch=batch)
        names, size = source.names, network.batch
        rows = [range(i, min(i + size, len(names))) for i in range(0, len(names), size)]
        work = stream(network, source, names, rows, threads=threads, max_pixels=max_pixels)
        with closing(work):
            watched = _watched(until(stop, work), counts, len(names), progress)
            _write(path, _tables(watched, names, heads), _schema(heads))
    if not counts["ok"]:
        raise PicturesError(
            f"none of the {len(names)} pictures in {str(source.path)!r} can be used; {str(path)!r} "
            "says why of each"
        )
    return dict(counts.most_common())


def _watched(
    batches: Iterator[Batch], counts: Counter[str], total: int, progress: Progress
) -> Iterator[Batch]:
    for batch in batches:
        counts.update(str(outcome.status) for outcome in batch.outcomes)
        progress("label", counts.total(), total)
        yield batch
    if counts.total() < total:
        raise OnnxprobeError(
            f"stopped after {counts.total():,} of {total:,} pictures; nothing was written"
        )


def _tables(
    batches: Iterator[Batch], names: Sequence[str], heads: Sequence[Answer]
) -> Iterator[pa.Table]:
    schema, waiting, rows = _schema(heads), [], 0
    for batch in batches:
        waiting.append(_table(batch, names, heads, schema))
        rows += len(batch.outcomes)
        if rows >= _ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _table(
    batch: Batch, names: Sequence[str], heads: Sequence[Answer], schema: pa.Schema
) -> pa.Table:
    count = len(batch.outcomes)
    columns: dict[str, Any] = {
        "path": [printable(name) for name in names[batch.start : batch.start + count]],
        "status": [str(outcome.status) for outcome in batch.outcomes],
    }
    for head in heads:
        ids, confidences = (
            _spread(batch.outputs.get(output), batch.kept, count) for output in head.outputs
        )
        columns |= {
            _column(head, heads, "id"): ids,
            _column(head, heads, "name"): [_name(head, number) for number in ids],
            _column(head, heads, "confidence"): confidences,
        }
    return pa.table(columns, schema=schema)


def _schema(heads: Sequence[Answer]) -> pa.Schema:
    kinds = (("id", pa.int64()), ("name", pa.string()), ("confidence", pa.float32()))
    columns = [(_column(head, heads, name), kind) for head in heads for name, kind in kinds]
    return pa.schema([("path", pa.string()), *columns, ("status", pa.string())])


def _column(head: Answer, heads: Sequence[Answer], name: str) -> str:
    return name if len(heads) == 1 else f"{head.prefix}_{name}"


def _spread(
    values: NDArray[Any] | None, kept: NDArray[np.int64], count: int
) -> list[float | int | None]:
    """Put the values of kept pictures in their places; the others have none."""
    out: list[float | int | None] = [None] * count
    if values is not None:
        for place, value in zip(kept, values.reshape(-1).tolist(), strict=True):
            out[place] = value
    return out


def _name(head: Answer, number: float | None) -> str | None:
    if number is None or not 0 <= number < len(head.classes):
        return None
    return head.classes[int(number)]


def _write(path: Path, tables: Iterator[pa.Table], schema: pa.Schema) -> None:
    try:
        with replacing(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
            for table in tables:
                writer.write_table(table)
    except OSError as error:
        raise refused(path, error) from error
