"""Time and memory of each operation on graphs of ten and of a hundred thousand nodes.

    python benchmarks/nodes.py [--counts 10000 100000] [--repeats 3]

Linear means that ten times the nodes take ten times as long. The graph is a chain of residual
blocks, MatMul, Relu, Add, Mul, a weight each. CPU seconds, the median of processes of their own.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from grafts import memory
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.diff import diff
from onnxprobe.graph.expose import expose
from onnxprobe.graph.inspect import inspect
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save
from onnxprobe.graph.split import split
from onnxprobe.graph.stitch import stitch


def chain(path: Path, count: int) -> None:
    """Write a graph of ``count`` nodes, four a block."""
    weights = [numpy_helper.from_array(np.float32(0.5), "half")]
    nodes, x = [], "x"
    for i in range(count // 4):
        weights.append(numpy_helper.from_array(np.eye(8, dtype=np.float32), f"w{i}"))
        steps = [
            ("MatMul", [x, f"w{i}"], "m"),
            ("Relu", [f"m{i}"], "r"),
            ("Add", [f"r{i}", x], "a"),
        ]
        for op, reads, letter in (*steps, ("Mul", [f"a{i}", "half"], "b")):
            nodes.append(helper.make_node(op, reads, [f"{letter}{i}"], name=f"{letter}{i}"))
        x = f"b{i}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 8]) for name in ("x", x)]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], weights)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(proto.SerializeToString())


def child(path: Path, count: int) -> None:
    """Do everything once, one after the other; print CPU seconds and the highest memory."""
    took: dict[str, float] = {}
    before, at = memory("VmRSS"), f"b{count // 8}"

    def timed(name: str, operation: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = operation()
        took[name] = time.process_time() - start
        return result

    timed("onnx.load, for comparison", lambda: onnx.load(path))
    model = timed("load", lambda: load(path))
    timed("shapes", lambda: model.values)
    timed("cuts", lambda: cuts(model))
    halves = timed("split", lambda: split(model, at))
    joined = timed("stitch", lambda: stitch(*halves))
    timed("expose", lambda: expose(model, [at]))
    timed("save", lambda: save(joined, path.with_name("joined.onnx")))
    timed("diff", lambda: diff(model, joined))
    timed("load and inspect", lambda: inspect(load(path)))
    print(json.dumps({"took": took, "megabytes": memory("VmHWM") - before}))


def main() -> None:
    """Parse, generate, print one row an operation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(Path(options.child[0]), int(options.child[1]))
        return
    found: dict[int, list[dict[str, Any]]] = {count: [] for count in options.counts}
    with tempfile.TemporaryDirectory() as folder:
        for count in options.counts:
            chain(Path(folder, f"{count}.onnx"), count)
        for _ in range(options.repeats):
            for count, runs in found.items():
                arguments = [
                    sys.executable,
                    __file__,
                    "--child",
                    str(Path(folder, f"{count}.onnx")),
                    str(count),
                ]
                done = subprocess.run(arguments, capture_output=True, text=True, check=True)
                runs.append(json.loads(done.stdout))
    print(
        f"onnx {onnx.__version__}, Python {platform.python_version()}, n = {options.repeats}; CPU seconds\n"
    )
    print("| operation | " + " | ".join(f"{count:,} nodes" for count in found) + " | ratio |")
    print("|---" * (len(found) + 2) + "|")
    for name in next(iter(found.values()))[0]["took"]:
        seconds = [statistics.median(run["took"][name] for run in runs) for runs in found.values()]
        figures = " | ".join(f"{value:.3f}" for value in seconds)
        print(f"| {name} | {figures} | {seconds[-1] / seconds[0]:.1f} |")
    peaks = " | ".join(f"{max(run['megabytes'] for run in runs):.0f}" for runs in found.values())
    print(f"| highest memory over imports, MB | {peaks} | |")


if __name__ == "__main__":
    main()
