"""What the head costs: fused against backbone, and against two separate models.

    python benchmarks/fused.py [--rounds 200] [--threads 1] [--batches 1 32]

The backbone is ``models/efficientnet-lite0.onnx``. Fused into it are twelve detectors that read one
probe at the pick (mean), or eight: mean and standard deviation at the pick and at three depths
before it. Beside it stands what is done without fusing: the backbone for the old answers, and a
second file, from the picture to the detectors, for the new ones. Every file was proven when it was
written: old answers to the bit, new ones equal to numpy.

The contenders run in turns, A B C D A B C D …, two runs a turn at batch 1. Ratios are taken
within a round, so that other load falls on all alike, and given as the median with the quartiles.
The ratio of CPU times does not depend on other load at all.
"""

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import onnxruntime

from onnxprobe.fuse import Part, write_fused
from onnxprobe.graph.extract import extract
from onnxprobe.graph.load import load
from onnxprobe.graph.midcuts import mid_cuts, views
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe, width
from onnxprobe.runtime import Session

BACKBONE = Path(__file__).resolve().parent.parent / "models" / "efficientnet-lite0.onnx"
CLASSES = 12
Run = Callable[[], object]


def detectors(model: Model, probes: Sequence[Probe]) -> Part:
    """Return twelve detectors with random weights that read ``probes``."""
    rng = np.random.default_rng(0)
    widths = tuple(width(model, probe) for probe in probes)
    weight = rng.normal(size=(CLASSES, sum(widths))).astype(np.float32) / np.sqrt(sum(widths))
    names = tuple(f"domain {i}" for i in range(CLASSES))
    zeros, half = np.zeros(CLASSES, np.float32), np.full(CLASSES, 0.5, np.float32)
    head = LinearHead(HEADS["detectors"], weight.astype(np.float32), zeros, half, names, widths)
    return Part.linear(head, probes, like=model)


def files(folder: Path) -> dict[str, list[Path]]:
    """Write what is compared; return the files that each way runs."""
    model = load(BACKBONE)
    found = pick(model)
    depths = [cut.tensor for cut in views(mid_cuts(model, found.tensor, found.source))]
    at_pick = [Probe(found.tensor, "mean")]
    eight = [Probe(t, pooling) for t in (*depths, found.tensor) for pooling in ("mean", "std")]
    written = {"backbone": [BACKBONE]}
    for name, probes in (("at the pick", at_pick), ("at four depths", eight)):
        fused = folder / f"fused {name}.onnx"
        write_fused(BACKBONE, [detectors(model, probes)], fused)
        alone = folder / f"alone {name}.onnx"
        whole = load(fused)
        save(extract(whole, whole.inputs, whole.outputs[len(model.outputs) :]), alone)
        written[f"fused, {name}"] = [fused]
        written[f"two models, {name}"] = [BACKBONE, alone]
    return written


def runs(written: dict[str, list[Path]], batch: int, threads: int) -> dict[str, Run]:
    """Return what runs each way once."""
    x = np.random.default_rng(0).normal(size=(batch, 3, 224, 224)).astype(np.float32)

    def way(sessions: Sequence[Session]) -> Run:
        return lambda: [session.run({session.inputs[0].name: x}) for session in sessions]

    return {
        name: way([Session(path, threads=threads) for path in paths])
        for name, paths in written.items()
    }


def rounds(ways: dict[str, Run], count: int, repeats: int) -> dict[str, list[tuple[float, float]]]:
    """Time every way in turns; return seconds and CPU seconds a run, one pair a round."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for run in ways.values():
        run()
    for i in range(count):
        order = list(ways) if i % 2 == 0 else list(reversed(ways))
        for name in order:
            start, cpu = perf_counter(), process_time()
            for _ in range(repeats):
                ways[name]()
            now = perf_counter() - start, process_time() - cpu
            taken[name].append((now[0] / repeats, now[1] / repeats))
    return taken


def ratio(ours: Sequence[float], base: Sequence[float]) -> str:
    """Write the median of ratios within rounds, and the quartiles."""
    low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, base, strict=True)])
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Parse, write, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, {options.threads} threads;"
    )
    print(f"Python {platform.python_version()}, ONNX Runtime {onnxruntime.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        written = files(Path(folder))
        print("\n| files | bytes | over the backbone |\n|---|---|---|")
        base = BACKBONE.stat().st_size
        for name, paths in written.items():
            size = sum(path.stat().st_size for path in paths)
            print(f"| {name} | {size:,} | {size - base:+,} ({size / base:.4f}) |")
        for batch in options.batches:
            repeats = 2 if batch == 1 else 1
            count = options.rounds if batch == 1 else max(4, options.rounds // 12)
            taken = rounds(runs(written, batch, options.threads), count, repeats)
            _print(taken, batch, f"{count} rounds of {repeats}")


def _print(taken: dict[str, list[tuple[float, float]]], batch: int, how: str) -> None:
    print(
        f"\nbatch {batch}, {how}\n\n| way | ms | time / backbone (quartiles) | CPU / backbone (quartiles) |"
    )
    print("|---|---|---|---|")
    base = list(zip(*taken["backbone"], strict=True))
    for name, pairs in taken.items():
        seconds, cpu = zip(*pairs, strict=True)
        milliseconds = 1000 * statistics.median(seconds)
        print(
            f"| {name} | {milliseconds:.1f} | {ratio(seconds, base[0])} | {ratio(cpu, base[1])} |"
        )


if __name__ == "__main__":
    main()
