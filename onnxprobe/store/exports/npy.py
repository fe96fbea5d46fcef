"""A folder of ``.npy`` files, one a probe, with the ledger as Parquet beside them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.lib.format import open_memmap
from pyarrow import parquet

from onnxprobe.atomic import replacing
from onnxprobe.progress import Progress, silent
from onnxprobe.store.exports._base import Export, stretches
from onnxprobe.store.exports.parquet import ledger_columns
from onnxprobe.store.store import Store


def _write(store: Store, folder: Path, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = {probe: f"embeddings-{i}.npy" for i, probe in enumerate(store.header.probes)}
    for probe, name in names.items():
        with replacing(folder / name) as temporary:
            _vectors(store, probe, temporary, progress)
    with replacing(folder / "ledger.parquet") as temporary:
        _ledger(store, temporary)
    with replacing(folder / "store.json") as temporary:
        said = {"files": {name: probe for probe, name in names.items()}}
        temporary.write_text(json.dumps(json.loads(store.header.to_json()) | said, indent=2))


def _ledger(store: Store, path: Path) -> None:
    """Write the ledger, and which row of the vectors belongs to each picture."""
    row = np.full(store.pictures, -1, np.int64)
    row[store.rows] = np.arange(len(store))
    parts = (
        pa.table({"row": row[rows]} | ledger_columns(store.part(rows)))
        for rows in stretches(store.pictures, silent)
    )
    first = next(parts)
    with parquet.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)


def _vectors(store: Store, probe: str, path: Path, progress: Progress) -> None:
    first = store.embeddings(probe, slice(0, 1))
    shape = (len(store), first.shape[1])
    if not len(store):
        with path.open("wb") as file:  # an empty file cannot be mapped
            np.save(file, np.empty(shape, first.dtype))
        return
    out = open_memmap(path, "w+", first.dtype, shape)
    for rows in stretches(len(store), progress):
        out[rows] = store.embeddings(probe, rows)
    out.flush()


NPY = Export("npy", _write)
