"""``--timeout``: how long a server has for an answer."""

import cv2
import numpy as np
import pytest
from picture_server import Server
from typer.testing import CliRunner

from onnxprobe.cli.app import app


def embedding(tiny_file, url, out, seconds):
    settings = '{"mean": 127, "std": 64}'
    args = ["embed", str(tiny_file), url, "-o", str(out), "--preprocess", settings]
    return CliRunner().invoke(app, [*args, "--timeout", seconds])


@pytest.mark.parametrize(
    "said",
    [
        "rank MODEL URL",
        "check MODEL MODEL --images URL",
        "run-recipe domains -m MODEL -i URL -o OUT",
    ],
)
def test_every_command_that_reads_pictures_can_be_told(tiny_file, tmp_path, said):
    here = {
        "MODEL": str(tiny_file),
        "URL": "http://127.0.0.1:9/list.txt",
        "OUT": str(tmp_path / "run"),
    }
    args = [here.get(word, word) for word in said.split()]
    prepared = [] if said.startswith("check") else ["--preprocess", '{"mean": 127, "std": 64}']
    result = CliRunner().invoke(app, [*args, *prepared, "--timeout", "0"])
    assert str(result.exception).startswith("--timeout is 0; give seconds above 0")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_a_time_that_nobody_can_wait_is_one_line(tiny_file, tmp_path, seconds):
    result = embedding(tiny_file, "http://127.0.0.1:9/list.txt", tmp_path / "e.h5", seconds)
    assert str(result.exception).startswith(f"--timeout is {seconds}; give seconds above 0")


def test_what_takes_longer_is_missing(tiny_file, tmp_path):
    names = ["a.png", "b.png", "c.png"]
    (tmp_path / "served").mkdir()
    for name in names:
        cv2.imwrite(str(tmp_path / "served" / name), np.full((8, 8, 3), ord(name[0]), np.uint8))
    (tmp_path / "served/list.txt").write_text("\n".join(names))
    with Server(tmp_path / "served") as server:
        server.fates = {f"/{names[0]}": ["stall"] * 3}
        result = embedding(tiny_file, server.url + "list.txt", tmp_path / "e.h5", "0.3")
    assert "3 pictures, 2 ok, 1 missing" in result.output
