"""One HDF5 file with the layout of a store, that needs no shards beside it."""

from pathlib import Path

import h5py

from onnxprobe.atomic import replacing
from onnxprobe.progress import Progress, silent
from onnxprobe.store.exports._base import Export, stretches
from onnxprobe.store.ledger import COLUMNS
from onnxprobe.store.shard import LEDGER, ROWS, stored
from onnxprobe.store.store import Store


def _write(store: Store, path: Path, progress: Progress) -> None:
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["onnxprobe"] = store.header.to_json()
        for name in COLUMNS:
            file.create_dataset(f"ledger/{name}", (store.pictures,), LEDGER[name])
        for rows in stretches(store.pictures, silent):
            ledger = store.part(rows)
            for name in COLUMNS:
                file[f"ledger/{name}"][rows] = stored(getattr(ledger, name), name)
        file.create_dataset("rows", data=store.rows, dtype=ROWS)
        for i, probe in enumerate(store.header.probes):
            first = store.embeddings(probe, slice(0, 1))
            shape = (len(store), first.shape[1])
            data = file.create_dataset(f"embeddings/{i}", shape, first.dtype)
            data.attrs["probe"] = probe
            for rows in stretches(len(store), progress):
                data[rows] = store.embeddings(probe, rows)


SINGLE_HDF5 = Export("single-hdf5", _write)
