"""One Parquet file: a row a picture, its fate and its vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from onnxprobe.atomic import replacing
from onnxprobe.images.names import printable
from onnxprobe.progress import Progress
from onnxprobe.store.exports._base import Export, stretches
from onnxprobe.store.ledger import COLUMNS, Ledger
from onnxprobe.store.store import Store


def ledger_columns(ledger: Ledger) -> dict[str, Any]:
    """Return the columns of a ledger as Arrow has them; odd bytes of names are escaped."""
    columns = {name: getattr(ledger, name) for name in COLUMNS}
    texts = {"path", "status", "hash", "error"}
    return {
        name: pa.array([printable(str(v)) for v in values], pa.string())
        if name in texts
        else pa.array(values)
        for name, values in columns.items()
    }


def _write(store: Store, path: Path, progress: Progress) -> None:
    probes = store.header.probes
    with replacing(path) as temporary:
        writer = None
        try:
            for rows in stretches(store.pictures, progress):
                first, last = np.searchsorted(store.rows, (rows.start, rows.stop))
                places = store.rows[first:last] - rows.start
                columns = ledger_columns(store.part(rows))
                for probe in probes:
                    vectors = store.embeddings(probe, slice(int(first), int(last)))
                    columns[probe] = _spread(vectors, places, rows.stop - rows.start)
                table = pa.table(columns)
                if writer is None:
                    said = {"onnxprobe": store.header.to_json()}
                    schema = table.schema.with_metadata(said)
                    writer = parquet.ParquetWriter(temporary, schema)
                writer.write_table(table.cast(writer.schema))
        finally:
            if writer is not None:
                writer.close()


def _spread(vectors: NDArray[Any], places: NDArray[np.int64], count: int) -> Any:
    """Return the vectors as a column of ``count`` rows; those without a vector are null."""
    width = vectors.shape[1]
    spread = np.zeros((count, width), vectors.dtype)
    spread[places] = vectors
    absent = np.ones(count, bool)
    absent[places] = False
    return pa.FixedSizeListArray.from_arrays(
        pa.array(spread.reshape(-1)), width, mask=pa.array(absent)
    )


PARQUET = Export("parquet", _write)
