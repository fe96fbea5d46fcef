"""The file on top of the shards: one HDF5 whose datasets are the shards' put together."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from onnxprobe.store.disk import put
from onnxprobe.store.header import Header
from onnxprobe.store.shard import LEDGER, ROWS, Extent


def folder_of(path: Path) -> Path:
    """Return the folder that holds the shards of the store at ``path``."""
    return path.with_suffix(".shards")


def write_top(path: Path, header: Header, extents: Mapping[int, Extent]) -> None:
    """Write the file at ``path``: virtual datasets over the shards, by relative paths.

    Shards after one that is not there, or that ends early, are left out; without the first there
    is nothing to write.

    Raises:
        StoreError: it cannot be written.
    """
    shards = unbroken(extents, header.shard_rows)
    if not shards:
        return
    pictures, vectors = [s.pictures for s in shards], [s.vectors for s in shards]
    files = [f"{folder_of(path).name}/{shard.name}" for shard in shards]
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["onnxprobe"] = header.to_json()
        for name, dtype in LEDGER.items():
            _join(file, f"ledger/{name}", dtype, list(zip(files, pictures, strict=True)))
        _join(file, "rows", ROWS, list(zip(files, vectors, strict=True)))
        for i, probe in enumerate(header.probes):
            parts, width = list(zip(files, vectors, strict=True)), shards[0].widths[i]
            made = _join(file, f"embeddings/{i}", np.dtype(header.dtype), parts, (width,))
            made.attrs["probe"] = probe
    put(buffer.getvalue(), path)


def unbroken(extents: Mapping[int, Extent], size: int) -> list[Extent]:
    """Return the shards up to the first that is not there, or ends before ``size`` pictures."""
    shards: list[Extent] = []
    while len(shards) in extents:
        shards.append(extents[len(shards)])
        if shards[-1].pictures < size:
            break
    return shards


def full(extents: Mapping[int, Extent], size: int) -> int:
    """Return how many shards, from the first on without a gap, hold ``size`` pictures."""
    return sum(shard.pictures == size for shard in unbroken(extents, size))


def _join(
    file: h5py.File,
    name: str,
    dtype: Any,
    parts: Sequence[tuple[str, int]],
    inner: tuple[int, ...] = (),
) -> Any:
    """Create a virtual dataset of parts below each other.

    h5py's own ``create_virtual_dataset`` writes the time of day into the file; this does not, so
    that the same store has the same bytes.
    """
    space = h5py.h5s.create_simple((sum(rows for _, rows in parts), *inner))
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    if dtype.kind == "f":  # what a lost shard reads as; Store.open refuses, but others may not
        properties.set_fill_value(np.array(np.nan, dtype))
    start = 0
    for path, rows in parts:
        if rows:
            shape = (rows, *inner)
            space.select_hyperslab((start, *(0 for _ in inner)), shape)
            part = h5py.h5s.create_simple(shape)
            properties.set_virtual(space, os.fsencode(path), name.encode(), part)
        start += rows
    space.select_all()
    group, _, last = name.rpartition("/")
    place = file.require_group(group) if group else file
    kind = h5py.h5t.py_create(dtype, logical=True)
    return h5py.Dataset(h5py.h5d.create(place.id, last.encode(), kind, space, properties))
