"""A store in other forms."""

from pathlib import Path
from typing import Final

from onnxprobe.errors import StoreError
from onnxprobe.progress import Progress, silent
from onnxprobe.registry import Registry
from onnxprobe.store.disk import refused
from onnxprobe.store.exports._base import Export
from onnxprobe.store.exports.npy import NPY
from onnxprobe.store.exports.parquet import PARQUET
from onnxprobe.store.exports.single_hdf5 import SINGLE_HDF5
from onnxprobe.store.store import Store

EXPORTS: Final = Registry("form of a store", [NPY, PARQUET, SINGLE_HDF5])


def export(store: Store, to: str, out: str | Path, *, progress: Progress = silent) -> None:
    """Write ``store`` to ``out`` in another form, a stretch of rows at a time.

    Args:
        store: what to write.
        to: one of ``EXPORTS``.
        out: a file, or for ``npy`` a folder; it must not be there yet.
        progress: told how many rows are written.

    Raises:
        NoSuchNameError: there is no such form.
        StoreError: ``out`` is there already, or it cannot be written.
    """
    path, form = Path(out), EXPORTS[to]
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StoreError(f"{str(path)!r} is there already; name another place")
    try:
        form.write(store, path, progress)
    except OSError as error:
        raise refused(path, error) from error


__all__ = ["EXPORTS", "Export", "export"]
