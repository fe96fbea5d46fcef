"""Sources that are sent to other processes: workers on devices, actors on other machines."""

import pickle
import subprocess
import sys

import pytest
from source_parts import KINDS

from onnxprobe.images import SOURCES, open_source

CODE = """
import pickle, sys
sources = pickle.load(sys.stdin.buffer)
found = [{name: source.read(name) for name in source.names} for source in sources]
sys.stdout.buffer.write(pickle.dumps(found))
"""


def test_in_another_process_and_folder_every_kind_is_what_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources, wanted = [], []
    for kind in SOURCES:
        (tmp_path / kind).mkdir()
        make, pictures = KINDS[kind]
        place = str(make(tmp_path / kind)).removeprefix(f"{tmp_path}/")
        sources.append(open_source(place))
        wanted.append(pictures)
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input=pickle.dumps(sources),
        stdout=subprocess.PIPE,
        cwd="/",
        check=True,
    )
    assert pickle.loads(done.stdout) == wanted  # noqa: S301  our own


@pytest.mark.parametrize(("where", "part"), [("photos.h5", "other"), ("photos.parquet", "other")])
def test_the_part_that_was_asked_for_is_taken_again(where, part, tmp_path):
    import h5py
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    pictures = [np.full((6, 5, 3), level, np.uint8) for level in (10, 200)]
    with h5py.File(tmp_path / "photos.h5", "w") as file:
        file["image"], file["other"] = pictures[0][None], pictures[1][None]
    ppm = [b"P6\n5 6\n255\n" + picture.tobytes() for picture in pictures]
    columns = {"image": [ppm[0]], "other": [ppm[1]]}
    parquet.write_table(pa.table(columns), tmp_path / "photos.parquet")
    source = open_source(f"{tmp_path}/{where}#{part}")
    again = pickle.loads(pickle.dumps(source))  # noqa: S301  our own
    assert again.read(again.names[0]) == source.read(source.names[0]) == ppm[1]
