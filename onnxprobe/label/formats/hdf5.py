"""Labels as arrays in an HDF5 file, a row a picture, scores included."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from onnxprobe.images.names import printable
from onnxprobe.label.answers import Answers, Chunk
from onnxprobe.label.formats._base import FACTS, Format, column
from onnxprobe.label.heads import NONE, Head
from onnxprobe.store.ledger import texts

_TEXT: Final = h5py.string_dtype("utf-8")


def _write(
    path: Path,
    chunks: Iterator[Chunk],
    heads: Sequence[Head],
    pictures: int,
    facts: Callable[[], str],
) -> None:
    with h5py.File(path, "w") as file:
        for name in ("path", "status"):
            file.create_dataset(name, (pictures,), _TEXT)
        for head in heads:
            _create(file, head, heads, pictures)
        start = 0
        for chunk in chunks:
            rows = slice(start, start + len(chunk.names))
            file["path"][rows] = texts([printable(name) for name in chunk.names])
            file["status"][rows] = texts(chunk.statuses)
            for head, said in zip(heads, chunk.answers, strict=True):
                for name, values in _values(said).items():
                    place = column(head, heads, name)
                    if place in file:
                        whole = file[place][rows]
                        whole[chunk.kept] = values
                        file[place][rows] = whole
            start = rows.stop
        file.attrs[FACTS] = facts()


def _create(file: h5py.File, head: Head, heads: Sequence[Head], pictures: int) -> None:
    count = len(head.classes)
    datasets: dict[str, tuple[tuple[int, ...], Any, Any]] = {
        "id": ((pictures,), np.int64, NONE),
        "confidence": ((pictures,), np.float32, np.nan),
        "member": ((pictures, count), np.bool_, False),
    }
    if head.scored:
        datasets["scores"] = ((pictures, count), np.float32, np.nan)
    for name, (shape, dtype, fill) in datasets.items():
        made = file.create_dataset(column(head, heads, name), shape, dtype, fillvalue=fill)
        made.attrs.create("classes", list(head.classes), dtype=_TEXT)


def _values(said: Answers) -> dict[str, Any]:
    return {
        "id": said.ids,
        "confidence": said.confidence,
        "member": said.member,
        "scores": said.scores,
    }


HDF5: Final = Format("hdf5", (".h5", ".hdf5"), _write)
