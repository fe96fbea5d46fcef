"""What the default recipe takes from embeddings to a fused file, step by step.

    python benchmarks/scale.py [--rows 30000,100000,342012] [--keep FOLDER]

Rows are made as a residual network with 512 channels at its end would embed pictures (``scale_rows``),
with twelve domains planted in 0.1 to 2 % of them; then everything runs through the recipe ``domains``
itself, caches, fusing and proof included: only reading pictures and running the network are left out.
Printed for each step: CPU-seconds of all threads, wall-clock seconds, and the highest memory that the
process held (Linux). At the end: how many of the planted domains were found (F1 of the best group), and
how many rows of each the head finds among those held out.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from scale_rows import WIDTHS, Planted, planted

from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.images import Preprocess
from onnxprobe.probe import Probe
from onnxprobe.proof import sha256
from onnxprobe.recipe import Findings, Job, Kept, Run
from onnxprobe.recipe.findings import summary
from onnxprobe.recipe.writing import write
from recipes.domains import Domains
from recipes.embedding import Embedded

T = TypeVar("T")
SEEN = Preprocess(size=(32, 32), mean=(127,), std=(64,))
FOUND = 0.8


def main() -> None:
    """Print a table for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="30000,100000")
    parser.add_argument("--keep", type=Path, help="folder of the runs; a temporary one if left out")
    args = parser.parse_args()
    packages = ("numpy", "faiss-cpu", "graspologic-native", "openTSNE", "onnxruntime")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(platform.python_version(), *(f"{name} {version(name)}" for name in packages), sep=", ")
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        for rows in map(int, args.rows.split(",")):
            _measured(rows, folder / str(rows))


def _measured(rows: int, folder: Path) -> None:
    print(f"\n{rows:,} rows, {' + '.join(map(str, WIDTHS.values()))} numbers each")
    made = planted(rows)
    folder.mkdir(parents=True, exist_ok=True)
    path = save(_backbone(), folder / "backbone.onnx")
    names = tuple(f"{row:08d}.jpg" for row in range(rows))
    run = Timed(
        Job(path, "made", folder / "run"),
        load(path),
        sha256(path),
        SimpleNamespace(names=names),  # type: ignore[arg-type]  only its names are asked for
        SEEN,
        "given",
    )
    recipe = Domains(embedding=Given(made, names))  # type: ignore[arg-type]  instead of embedding
    print(f"  {'':24s}{'CPU-s':>10s}{'wall-s':>10s}{'peak GB':>10s}")
    found = run.measured("everything", lambda: _whole(run, recipe))
    _quality(found, made)


def _whole(run: "Timed", recipe: Domains) -> Findings:
    found = recipe(run)
    write(run, found, lambda: summary(run, "domains", Domains(), found))
    return found


@dataclass(frozen=True, eq=False)
class Given:
    """In place of the step that embeds pictures: rows that were made.

    Attributes:
        made: the rows.
        names: of the pictures that they would be of.
        device: where the backbone is run on pictures of nothing.
        precision: what it computes in there.
    """

    made: Planted
    names: tuple[str, ...]
    device: str = "cpu"
    precision: str = "float32"

    def __call__(self, run: Run) -> Embedded:
        """Return the rows as embeddings of pictures."""
        return Embedded(
            pick=pick(run.model),
            probes=tuple(map(Probe.parse, WIDTHS)),
            depths=(1.0, 0.75, 0.5, 0.25),
            views=Kept(self.made.views, run.key("made", str(len(self.names)))),
            paths=self.names,
            counts={"ok": len(self.names)},
        )


class Timed(Run):
    """A run that prints what each step takes."""

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Do ``work``, and print what it took."""
        return super().timed(name, lambda: self.measured(name, work))

    def measured(self, name: str, work: Callable[[], T]) -> T:
        """Do ``work``, and print what it took."""
        _forget_peak()
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(f"  {name:24s}{cpu:>10.1f}{wall:>10.1f}{_peak():>10.2f}", flush=True)
        return result


def _forget_peak() -> None:
    """Let the highest memory of this process begin anew, where Linux allows that."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> float:
    """Return the highest memory since, in GB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e9


def _quality(found: Findings, made: Planted) -> None:
    both = made.member.T.astype(np.float32) @ found.member.astype(np.float32)
    size = made.member.sum(axis=0)[:, None] + found.member.sum(axis=0)
    f1 = (2 * both / size).max(axis=1, initial=0.0)
    said = "  ".join(f"{name} {figure:.2f}" for name, figure in zip(made.names, f1, strict=True))
    print(f"  {len(found.domains)} domains; planted, F1: {said}")
    whole = f"{(f1 > FOUND).sum()} of {len(f1)} planted at F1 > {FOUND}"
    figures = {name: found.heldout[name] for name in ("rows", "macro_f1", "worst_recall")}
    print(f"  {whole}; head, held out: {figures}")


def _backbone() -> Model:
    """Return four random convolutions with a stride, the mean, and a layer; channels as ``WIDTHS``."""
    rng, node = np.random.default_rng(0), helper.make_node
    names = [name.partition(":")[0] for name in reversed(WIDTHS)]
    sizes = [3, *reversed(WIDTHS.values())]
    weights, nodes, x = [], [], "image"
    for name, (before, after) in zip(names, pairwise(sizes), strict=True):
        kernel = rng.normal(size=(after, before, 3, 3)) * np.sqrt(2 / (9 * before))
        weights.append(numpy_helper.from_array(kernel.astype(np.float32), f"{name}.weight"))
        nodes.append(
            node("Conv", [x, f"{name}.weight"], [f"{name}.conv"], pads=[1] * 4, strides=[2, 2])
        )
        nodes.append(node("Relu", [f"{name}.conv"], [name]))
        x = name
    layer = rng.normal(size=(sizes[-1], 10)).astype(np.float32)
    weights.append(numpy_helper.from_array(layer, "layer"))
    nodes += [
        node("GlobalAveragePool", [x], ["mean"]),
        node("Flatten", ["mean"], ["vector"]),
        node("MatMul", ["vector", "layer"], ["logits"]),
    ]
    ends = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 32, 32]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 10]),
    ]
    graph = helper.make_graph(nodes, "made", ends[:1], ends[1:], weights)
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    )


if __name__ == "__main__":
    main()
