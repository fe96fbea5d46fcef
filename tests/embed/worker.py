"""Embeds in forked processes; what to do is read from standard input, one line a process.

Every read of a picture takes a few milliseconds, so that there is time to be killed in.
"""

import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import onnxruntime  # noqa: F401  now, so that no child has to

from onnxprobe.embed import embed, writer
from onnxprobe.embed import work as working
from onnxprobe.errors import OnnxprobeError
from onnxprobe.graph.load import load
from onnxprobe.images import Preprocess, Source, open_source
from onnxprobe.probe import Probe
from onnxprobe.store import resume


@dataclass
class Slow:
    """A source whose every read takes a while; the first one calls ``begun``."""

    inner: Source
    seconds: float
    begun: Callable[[], None]
    reads: Iterator[int] = field(default_factory=itertools.count)

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, most=None):
        if next(self.reads) == 0:
            self.begun()
        time.sleep(self.seconds)
        return self.inner.read(name, most)


def work(common, said, out):
    resume._FEWEST, writer.SECONDS_AT_RISK = 16, said.get("at_risk", 60)
    working.SECONDS_BETWEEN_LOOKS = 0.02
    if "file_limit" in said:
        resource.setrlimit(resource.RLIMIT_FSIZE, (said["file_limit"],) * 2)
    source = open_source(common["pictures"])

    def ready():
        os.write(out, f"{os.getpid()}\n".encode())

    if said.get("ready") == "reading":
        source = Slow(source, said.get("seconds", 0.004), ready)
    else:
        source = Slow(source, said.get("seconds", 0.004), lambda: None)
        ready()
    try:
        embed(
            load(common["model"]),
            [Probe("block", "mean"), Probe("gate", "std")],
            source,
            said["store"],
            preprocess=Preprocess(size=(8, 8), mean=(127,), std=(64,)),
            batch=4,
            threads=2,
            sample=said.get("sample"),
            join=said.get("join", False),
        )
    except OnnxprobeError as error:
        return str(error)
    return ""


def main():
    common, out = json.loads(sys.argv[1]), sys.stdout.fileno()
    for line in sys.stdin:
        receive, send = os.pipe()
        child = os.fork()
        if child == 0:
            message = work(common, json.loads(line), out)
            os.write(send, message.encode())
            os._exit(1 if message else 0)
        os.close(send)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with os.fdopen(receive) as said:
            os.write(out, (json.dumps([code, said.read()]) + "\n").encode())


if __name__ == "__main__":
    main()
