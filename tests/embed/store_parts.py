"""Forty small pictures, three of them broken; what a store holds; processes to be killed."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from onnxprobe.images import Preprocess
from onnxprobe.probe import Probe

PROBES = (Probe("block", "mean"), Probe("gate", "std"))
SEEN = Preprocess(size=(8, 8), mean=(127,), std=(64,))
BROKEN = {
    "x-empty.png": b"",
    "x-html.jpg": b"<html>not found</html>",
    "x-tiny.png": cv2.imencode(".png", np.zeros((1, 1, 3), np.uint8))[1].tobytes(),
}


def fill(root, count=37):
    rng = np.random.default_rng(0)
    root.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        end = (".png", ".jpg", ".webp")[i % 3]
        size = rng.integers(8, 30, 2)
        data = cv2.imencode(end, rng.integers(0, 256, (*size, 3), dtype=np.uint8))[1].tobytes()
        (root / f"{i:03d}{end}").write_bytes(data)
    for name, data in BROKEN.items():
        (root / name).write_bytes(data)
    return root


def content(path):
    """Every byte of a store, by file name; locks and what the work was like are no part of it."""
    files = [path, *path.with_suffix(".shards").iterdir()]
    aside = (".lock", ".sessions.json")
    return {file.name: file.read_bytes() for file in files if not file.name.endswith(aside)}


class Workers:
    """Processes that embed, started quickly: forked from one that has imported everything."""

    def __init__(self, settings):
        script = Path(__file__).with_name("worker.py")
        self._parent = subprocess.Popen(
            [sys.executable, script, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, store, **settings):
        """Start one; return its process id at once, or with ``ready="reading"`` when it works."""
        self._parent.stdin.write(json.dumps({"store": str(store)} | settings) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def wait(self):
        """Return how the last one ended: its exit code, or minus the signal; and what it said."""
        return tuple(json.loads(self._parent.stdout.readline()))

    def close(self):
        self._parent.stdin.close()
        self._parent.wait(10)
        self._parent.stdout.close()
