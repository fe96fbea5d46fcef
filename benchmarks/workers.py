"""Embedding small pictures with a network that costs next to nothing: what several processes bring.

    python benchmarks/workers.py [--pictures 100000] [--side 64] [--repeats 3]

The pictures are JPEGs, the network is one convolution with a stride of eight. The limit is one process
that decodes and scales pictures with one thread and does nothing else, times the cores. Beside it stand
``embed`` in one process, in as many as there are cores, and in one that others join when it shows that
they pay. Everything is measured in turns; read the ratios.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from embed import make_pictures

from onnxprobe.embed import embed
from onnxprobe.embed.engines import Local
from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.graph.build import Builder
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.images import Preprocess, Source
from onnxprobe.machine import cores
from onnxprobe.probe import Probe

LIMIT = 2_000
"""Pictures that are decoded to know the limit."""


def network(side: int) -> Model:
    """Return a network that looks at every eighth pixel."""
    nodes = Builder(17)
    kernel = np.random.default_rng(0).normal(size=(16, 3, 3, 3)).astype(np.float32)
    nodes.op("Conv", "x", nodes.constant(kernel, "w"), strides=[8, 8], out="map")
    nodes.op("GlobalAveragePool", "map", out="y")
    ends = Value("x", "float32", ("N", 3, side, side)), Value("y", "float32", ("N", 16, 1, 1))
    return nodes.model("cheap", ends[:1], ends[1:], ir_version=8)


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def decode(source: Source, preprocess: Preprocess) -> None:
    """Decode and scale, with one thread."""
    with quiet_opencv():
        for name in source.names[:LIMIT]:
            pixels = preprocess.decode(source.read(name)).pixels
            if pixels is not None:
                preprocess(pixels)


def end_to_end(source: Source, preprocess: Preprocess, side: int, workers: int | None) -> None:
    """Embed all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        embed(
            network(side),
            [Probe("map", "mean")],
            source,
            Path(folder) / "e.h5",
            preprocess=preprocess,
            engine=Local(workers),
        )


def main() -> None:
    """Measure."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--pictures", type=int, default=100_000)
    ask.add_argument("--side", type=int, default=64)
    ask.add_argument("--repeats", type=int, default=3)
    said = ask.parse_args()
    seen = Preprocess(size=(said.side, said.side), mean=(0.0,), std=(255.0,))
    with tempfile.TemporaryDirectory() as folder:
        source = make_pictures(Path(folder) / "small", (said.side, said.side), said.pictures)
        ways = {
            "one process": partial(end_to_end, source, seen, said.side, 1),
            "a process a core": partial(end_to_end, source, seen, said.side, cores()),
            "one, joined by others": partial(end_to_end, source, seen, said.side, None),
        }
        rates: dict[str, list[float]] = {name: [] for name in ("limit", *ways)}
        for _ in range(said.repeats):
            alone = seconds(partial(decode, source, seen))
            rates["limit"].append(cores() * LIMIT / alone)
            for name, way in ways.items():
                rates[name].append(said.pictures / seconds(way))
    limit = statistics.median(rates["limit"])
    print(f"{said.pictures:,} JPEGs of {said.side} pixels, {cores()} cores")
    for name, found in rates.items():
        middle = statistics.median(found)
        print(
            f"{name:22} {middle:9,.0f} pictures/s ({min(found):,.0f} to {max(found):,.0f}), "
            f"{middle / limit:.2f} of the limit"
        )


if __name__ == "__main__":
    main()
