"""The same graft with this library and with its peers, against ``onnx.load`` of the same file.

    python benchmarks/surgery.py [--embedded 100] [--external 3000] [--channels 512] [--undeclared]
                                  [--peers PYTHON]

Sizes in MB; name none to leave a kind out. The backbone is synthetic: 3x3 convolutions over 512
channels (9.4 MB each; --channels), weights inside the file (random), or in a sparse file beside it. It
declares the shapes of its maps, as torch's exporter and ONNX Runtime write files; with --undeclared
it does not, as older exporters do: then onnxprobe follows the shape of what is tapped from the input
on. What the graft is, and how each tool does it, is in ``grafts.py``. Each run is a process of its own, tools in turns; imports are not
counted, neither in seconds nor in memory, but lazily loaded parts are. The files are in the page
cache. Only onnxprobe waits until the result is safely on disk (fsync) before it replaces a file;
its time without that is given too. ``loads`` says whether ONNX Runtime opens the result.

The peers want other versions of things than this library; they live in their own environment:

    python -m venv peers
    peers/bin/pip install onnx onnxruntime onnx-ir onnx-graphsurgeon sclblonnx
    python benchmarks/surgery.py --peers peers/bin/python

What is missing there is reported as not installed.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from grafts import TOOLS
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.runtime import version

HERE = Path(__file__).resolve().parent
LOADS = """
import sys, onnxruntime
options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
options.add_session_config_entry("session.disable_prepacking", "1")
onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
"""


@dataclass(frozen=True)
class Case:
    """One backbone on disk."""

    name: str
    backbone: Path
    head: Path
    at: str
    channels: int


def backbone(
    folder: Path, megabytes: int, channels: int = 512, *, external: bool, declared: bool = True
) -> Case:
    """Write convolutions of ``megabytes`` together, and a head for their last map."""
    folder.mkdir()
    each = 4 * 9 * channels * channels
    count = max(1, round(megabytes * 1e6 / each))
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(channels, channels, 3, 3)).astype(np.float32) / 70
    stem = rng.normal(size=(channels, 3, 3, 3)).astype(np.float32)
    weights = [numpy_helper.from_array(stem, "w0")]
    nodes = [helper.make_node("Conv", ["image", "w0"], ["map0"], pads=[1] * 4)]
    for i in range(1, count + 1):
        weights.append(
            _outside(i, channels, each) if external else numpy_helper.from_array(shared, f"w{i}")
        )
        nodes.append(helper.make_node("Conv", [f"map{i - 1}", f"w{i}"], [f"c{i}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"map{i}"]))
    nodes.append(helper.make_node("GlobalAveragePool", [f"map{count}"], ["mean"]))
    nodes.append(helper.make_node("Flatten", ["mean"], ["embedding"]))
    maps = [name for node in nodes[:-2] for name in node.output]
    inner = {name: [channels, 7, 7] for name in maps if declared}
    if declared:
        inner["mean"] = [channels, 1, 1]
    shapes = {"image": [3, 7, 7], "embedding": [channels]} | inner
    _write(folder / "backbone.onnx", nodes, shapes, weights)
    if external:
        with (folder / "weights.data").open("wb") as file:
            file.truncate(each * count)
    _head(folder / "head.onnx", channels)
    where = "weights beside" if external else "weights inside"
    shapes = "" if declared else ", no shapes declared"
    name = f"{megabytes:,} MB, {where}, {count + 1} of them{shapes}"
    return Case(name, folder / "backbone.onnx", folder / "head.onnx", f"map{count}", channels)


def _outside(i: int, channels: int, each: int) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT)
    tensor.dims.extend([channels, channels, 3, 3])
    tensor.data_location = TensorProto.EXTERNAL
    said = {"location": "weights.data", "offset": (i - 1) * each, "length": each}
    for key, value in said.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def _head(path: Path, channels: int) -> None:
    """Logistic regression of ten classes: scores and the best."""
    rng = np.random.default_rng(1)
    arrays = {"coef": rng.normal(size=(channels, 10)), "intercept": rng.normal(size=10)}
    weights = [numpy_helper.from_array(a.astype(np.float32), name) for name, a in arrays.items()]
    nodes = [
        helper.make_node("Gemm", ["features", "coef", "intercept"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    _write(path, nodes, {"features": [channels], "probabilities": [10]}, weights)


def _write(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    shapes: Mapping[str, list[int]],
    weights: Sequence[onnx.TensorProto],
) -> None:
    """Write a model; of ``shapes``, the first is of its input, the second of its output."""
    given, wanted, *inner = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
        for name, shape in shapes.items()
    )
    graph = helper.make_graph(nodes, path.stem, [given], [wanted], weights, value_info=inner)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def once(tool: str, case: Case, peers: str) -> dict[str, Any]:
    """Run one tool in a process of its own; look at the result; clear it away."""
    out = case.backbone.with_name("result.onnx")
    ours = tool.startswith("onnxprobe") or tool == "onnx.load"
    arguments = [tool, str(case.backbone), str(case.head), str(out), case.at, str(case.channels)]
    child = subprocess.run(
        [sys.executable if ours else peers, str(HERE / "grafts.py"), *arguments],
        capture_output=True, text=True, check=False, cwd=HERE.parent, env=_environment(),
    )  # fmt: skip
    lines = child.stdout.splitlines()
    if child.returncode or not lines:
        last = (child.stderr.strip().splitlines() or ["no output"])[-1]
        return {"failed": f"exit {child.returncode}: {last[:160]}"}
    found: dict[str, Any] = json.loads(lines[-1])
    if out.exists():
        found["loads"] = not subprocess.run(
            [sys.executable, "-c", LOADS, str(out)], capture_output=True, check=False
        ).returncode
    for path in case.backbone.parent.glob("result.onnx*"):
        path.unlink()
    return found


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(HERE.parent)}


def compare(case: Case, repeats: int, peers: str, tools: Sequence[str]) -> None:
    """Run every tool ``repeats`` times, in turns, and print a table."""
    runs: dict[str, list[dict[str, Any]]] = {tool: [] for tool in tools}
    for turn in range(repeats):
        for tool in _from(turn, tools):
            found = runs[tool]
            if not found or "seconds" in found[-1]:
                found.append(once(tool, case, peers))
    base = runs["onnx.load"]
    loading, memory = (
        statistics.median(run[key] for run in base) for key in ("seconds", "megabytes")
    )
    print(f"\n{case.name}: onnx.load takes {loading:.3f} s and {memory:,.0f} MB (n = {repeats})\n")
    print("| tool | time / onnx.load (spread) | CPU | memory / onnx.load | MB | loads |")
    print("|---|---|---|---|---|---|")
    for tool, found in runs.items():
        print(f"| {tool} | {_row(found, base, memory)} |")


def _from(turn: int, tools: Sequence[str]) -> Sequence[str]:
    """Begin with another tool each turn: what runs after one that frees much memory is slower."""
    first = turn % len(tools)
    return [*tools[first:], *tools[:first]]


def _row(runs: list[dict[str, Any]], base: list[dict[str, Any]], memory: float) -> str:
    done = [run for run in runs if "seconds" in run]
    if not done:
        said = runs[0]
        return f"not installed ({said['missing']})" if "missing" in said else said["failed"]
    times = sorted(a["seconds"] / b["seconds"] for a, b in zip(done, base, strict=False))
    cpu = statistics.median(a["cpu"] / b["cpu"] for a, b in zip(done, base, strict=False))
    peak = max(run["megabytes"] for run in done)
    loads = {True: "yes", False: "no", None: ""}[done[0].get("loads")]
    spread = f"{times[0]:.4f} to {times[-1]:.4f}"
    return f"{statistics.median(times):.4f} ({spread}) | {cpu:.4f} | {peak / memory:.4f} | {peak:,.1f} | {loads}"


def main() -> None:
    """Parse, generate, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--embedded", type=int, nargs="*", default=[100], metavar="MB")
    parser.add_argument("--external", type=int, nargs="*", default=[3000], metavar="MB")
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--undeclared", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=list(TOOLS))
    options = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()};"
    )
    print(f"Python {platform.python_version()}, onnx {onnx.__version__}, ONNX Runtime {version()}")
    tools = list(dict.fromkeys(["onnx.load", *options.tools]))
    with tempfile.TemporaryDirectory() as folder:
        for external, sizes in ((False, options.embedded), (True, options.external)):
            for size in filter(None, sizes):
                place = Path(folder, f"{size}-{external}")
                declared = not options.undeclared
                case = backbone(place, size, options.channels, external=external, declared=declared)
                compare(case, options.repeats, options.peers, tools)


if __name__ == "__main__":
    main()
