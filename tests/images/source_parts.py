"""One of each kind of source, and what is to be found in it."""

import os
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
from pyarrow import parquet

PICTURE = (Path(__file__).parent / "pictures" / "baseline.jpg").read_bytes()


def content(name):
    """A picture of its own for each name."""
    return os.fsencode(name) + PICTURE


HOSTILE = ["ünï/köd.JPG", "new\nline.png", "<script>.gif", os.fsdecode(b"not-utf8-\xe9.webp")]
NAMES = sorted(["a.jpg", "b/c.jpeg", *HOSTILE])
ROWS = 12
"""More than ten, so that numbers as text have to be padded to be sorted."""


def folder(tmp_path):
    root = tmp_path / "photos"
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content(name))
    (root / "notes.txt").write_text("no picture")
    return root


def tar(tmp_path, root=None):
    path, root = tmp_path / "photos.tar", root or folder(tmp_path)
    with tarfile.open(path, "w") as archive:
        for name in reversed(NAMES):
            archive.add(root / name, name)
        archive.add(root / "notes.txt", "notes.txt")
    return path


def zipped(tmp_path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("sub.jpg")
        for name in IN_ZIP:
            archive.writestr(name, content(name))
        archive.writestr("notes.txt", "no picture")
    return path


IN_ZIP = [name for name in NAMES if name.isprintable()]  # a zip holds no names that are not UTF-8


def listed(tmp_path):
    folder(tmp_path)
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbf" + os.fsencode("\r\n\n".join(LISTED)))
    return tmp_path / "list.txt"


LISTED = [f"photos/{name}" for name in NAMES if "\n" not in name]


def matching(tmp_path):
    return f"{folder(tmp_path)}/**/*.j*"


def tables(tmp_path):
    rows = [{"bytes": content(str(i)), "path": None} for i in range(ROWS)]
    table = pa.table({"label": list(range(ROWS)), "image": rows})
    parquet.write_table(table, tmp_path / "photos.parquet", row_group_size=5)
    return tmp_path / "photos.parquet"


def numbered():
    return {f"{i:09d}": content(str(i)) for i in range(ROWS)}


def hdf5(tmp_path):
    with h5py.File(tmp_path / "photos.h5", "w") as file:
        data = file.create_dataset("train/image", ROWS, h5py.vlen_dtype(np.uint8))
        for i in range(ROWS):
            data[i] = np.frombuffer(content(str(i)), np.uint8)
        file["train/label"] = np.arange(ROWS)
    return tmp_path / "photos.h5"


ARRAY = np.random.default_rng(0).integers(0, 256, (ROWS, 6, 5, 3), dtype=np.uint8)


def npy(tmp_path):
    np.save(tmp_path / "photos.npy", ARRAY)
    return tmp_path / "photos.npy"


def ppm():
    return {f"{i:09d}": b"P6\n5 6\n255\n" + ARRAY[i].tobytes() for i in range(ROWS)}


KINDS = {
    "folder": (folder, {name: content(name) for name in NAMES}),
    "glob": (matching, {n: content(n) for n in ("a.jpg", "b/c.jpeg")}),
    "tar": (tar, {name: content(name) for name in NAMES}),
    "zip": (zipped, {name: content(name) for name in IN_ZIP}),
    "parquet": (tables, numbered()),
    "hdf5": (hdf5, numbered()),
    "npy": (npy, ppm()),
    "list": (listed, {name: content(name.removeprefix("photos/")) for name in LISTED}),
}
"""How to make one of each kind, and what is to be found in it."""


def everything(source):
    assert list(source.names) == sorted(set(source.names))
    return {name: source.read(name) for name in source.names}
