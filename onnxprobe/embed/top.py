"""The file on top of the shards: one HDF5 whose datasets are the shards' put together."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from onnxprobe.embed.disk import put
from onnxprobe.embed.header import Header
from onnxprobe.embed.shard import LEDGER, ROWS, VECTORS, Extent


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
    shards = _unbroken(extents, header.shard_rows)
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
            made = _join(file, f"embeddings/{i}", VECTORS, parts, (width,))
            made.attrs["probe"] = probe
    put(buffer.getvalue(), path)


def _unbroken(extents: Mapping[int, Extent], size: int) -> list[Extent]:
    shards: list[Extent] = []
    while len(shards) in extents:
        shards.append(extents[len(shards)])
        if shards[-1].pictures < size:
            break
    return shards


def _join(
    file: h5py.File,
    name: str,
    dtype: Any,
    parts: Sequence[tuple[str, int]],
    inner: tuple[int, ...] = (),
) -> Any:
    layout = h5py.VirtualLayout((sum(rows for _, rows in parts), *inner), dtype)
    start = 0
    for path, rows in parts:
        if rows:
            source = h5py.VirtualSource(path, name, (rows, *inner), dtype)
            layout[start : start + rows] = source
        start += rows
    # A shard that is gone reads as this; NaN is at least seen. Store.open refuses such a store.
    fill = np.nan if dtype == VECTORS else None
    return file.create_virtual_dataset(name, layout, fillvalue=fill)
