"""One graft with each tool: find a map, make it an output, take its centre, graft a head, write.

Every function does the same job the way the tool's documentation shows it: the tensor ``at``
becomes an output, Slice and Squeeze take its centre pixel, the head reads that, the result is
written beside the backbone. Where the backbone keeps its weights beside it, so does the result.
Versions of backbone and head agree, which spares the tools that do not align them.

Run as a script, it is the child of ``surgery.py``: one tool, one process, one line of JSON.
"""

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

Graft = Callable[["Task"], None]
LIMIT = 16 << 30
"""Bytes of memory a tool may ask for; one that takes more fails instead of the machine."""
CENTER = 3
"""Index of the centre of the 7x7 map."""


@dataclass(frozen=True)
class Task:
    """The files, and the tensor to tap with its number of channels."""

    backbone: Path
    head: Path
    out: Path
    at: str
    channels: int

    @property
    def beside(self) -> bool:
        """Whether the backbone keeps its weights beside it."""
        return self.backbone.with_name("weights.data").exists()


def onnx_load(task: Task) -> None:
    """Read the backbone and do nothing: the measure of all."""
    import onnx

    onnx.load(task.backbone)


def onnxprobe_graft(task: Task) -> None:
    """This library, without the proof."""
    from onnxprobe.graph.expose import expose
    from onnxprobe.graph.load import load
    from onnxprobe.graph.save import save
    from onnxprobe.graph.stitch import Graft, stitch
    from onnxprobe.probe import Probe, pooled

    model, head, probe = load(task.backbone), load(task.head), Probe(task.at, "center")
    tapped = expose(pooled(model, [probe]), [task.at])
    save(stitch(tapped, Graft(head, {head.inputs[0]: probe.output}, prefix="head/")), task.out)


def onnxprobe_unsynced(task: Task) -> None:
    """The same without waiting for the disk, which no other tool does."""
    os.fsync = lambda _: None
    onnxprobe_graft(task)


def onnxprobe_inspect(task: Task) -> None:
    """List layers, shapes, cost, cuts and the pick; write nothing."""
    from onnxprobe.graph.inspect import inspect
    from onnxprobe.graph.load import load

    inspect(load(task.backbone))


def onnx_compose(task: Task) -> None:
    """The tools that come with onnx: nodes by hand, then ``compose.merge_models``."""
    import numpy as np
    import onnx
    from onnx import compose, helper, numpy_helper

    model, head = onnx.load(task.backbone), onnx.load(task.head)
    graph = model.graph
    for name, values in _slice_arguments().items():
        graph.initializer.append(numpy_helper.from_array(np.array(values, np.int64), name))
    graph.node.extend(_nodes(task.at))
    for name, shape in (("vector", [task.channels]), (task.at, [task.channels, 7, 7])):
        graph.output.append(helper.make_tensor_value_info(name, 1, ["N", *shape]))
    io_map = [("vector", head.graph.input[0].name)]
    _save(compose.merge_models(model, head, io_map=io_map, prefix2="head/"), task)


def onnx_graphsurgeon(task: Task) -> None:
    """ONNX GraphSurgeon."""
    import numpy as np
    import onnx
    import onnx_graphsurgeon as gs

    graph = gs.import_onnx(onnx.load(task.backbone))
    head = gs.import_onnx(onnx.load(task.head))
    source = graph.tensors()[task.at]
    source.dtype, source.shape = np.float32, ["N", task.channels, 7, 7]
    starts, ends, axes = (
        gs.Constant(name, np.array(v, np.int64)) for name, v in _slice_arguments().items()
    )
    pixel = gs.Variable("pixel", np.float32)
    vector = gs.Variable("vector", np.float32, ["N", task.channels])
    graph.nodes.append(gs.Node("Slice", inputs=[source, starts, ends, axes], outputs=[pixel]))
    graph.nodes.append(gs.Node("Squeeze", inputs=[pixel, axes], outputs=[vector]))
    for node in head.nodes:
        node.inputs = [vector if tensor is head.inputs[0] else tensor for tensor in node.inputs]
        graph.nodes.append(node)
    graph.outputs += [source, *head.outputs]
    graph.cleanup().toposort()
    _save(gs.export_onnx(graph), task)


def onnx_ir_graft(task: Task) -> None:
    """ONNX IR; weights beside the model are left where they are."""
    import numpy as np
    import onnx_ir as ir

    model, head = ir.load(task.backbone), ir.load(task.head)
    graph, inner = model.graph, head.graph
    source = next(v for node in graph for v in node.outputs if v.name == task.at)
    source.dtype, source.shape = ir.DataType.FLOAT, ir.Shape(["N", task.channels, 7, 7])

    def constant(name: str, values: list[int]) -> Any:
        tensor = ir.tensor(np.array(values, np.int64), name=name)
        value = ir.Value(
            name=name, const_value=tensor, shape=tensor.shape, type=ir.TensorType(tensor.dtype)
        )
        graph.register_initializer(value)
        return value

    starts, ends, axes = (constant(name, v) for name, v in _slice_arguments().items())
    pixel = ir.node("Slice", [source, starts, ends, axes])
    squeeze = ir.node("Squeeze", [pixel.outputs[0], axes])
    vector = squeeze.outputs[0]
    vector.name, vector.dtype = "vector", ir.DataType.FLOAT
    vector.shape = ir.Shape(["N", task.channels])
    graph.extend([pixel, squeeze])
    ir.convenience.replace_all_uses_with(inner.inputs[0], vector)
    outputs, weights = list(inner.outputs), list(inner.initializers.values())
    inner.outputs.clear()
    for node in list(inner):
        inner.remove(node)
        graph.append(node)
    inner.initializers.clear()
    for value in weights:
        graph.register_initializer(value)
    graph.outputs.extend([source, *outputs])
    ir.save(model, task.out)


def sclblonnx_graft(task: Task) -> None:
    """The sclblonnx package, whose own check is switched off: it fails on every recent ONNX."""
    import numpy as np
    import sclblonnx as so
    from onnx import helper

    graph, head = so.graph_from_file(str(task.backbone)), so.graph_from_file(str(task.head))
    for name, values in _slice_arguments().items():
        graph = so.add_constant(graph, name, np.array(values), "INT64")
    for node in _nodes(task.at):
        graph = so.add_node(graph, node)
    shape = ["N", task.channels, 7, 7]
    graph.output.append(helper.make_tensor_value_info(task.at, 1, shape))
    io_match = [("vector", head.input[0].name)]
    merged = so.merge(graph, head, io_match=io_match, complete=False)
    if not so.graph_to_file(merged, str(task.out)):
        raise RuntimeError("graph_to_file returned False")


def _slice_arguments() -> dict[str, list[int]]:
    return {"starts": [CENTER] * 2, "ends": [CENTER + 1] * 2, "axes": [2, 3]}


def _nodes(at: str) -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("Slice", [at, "starts", "ends", "axes"], ["pixel"], name="pixel"),
        helper.make_node("Squeeze", ["pixel", "axes"], ["vector"], name="vector"),
    ]


def _save(model: Any, task: Task) -> None:
    import onnx

    if not task.beside:
        onnx.save(model, task.out)
        return
    location = f"{task.out.name}.data"
    onnx.save(model, task.out, save_as_external_data=True, location=location, size_threshold=1024)


@dataclass(frozen=True)
class Tool:
    """How the graft is done, what is imported before the clock starts, whose version to tell."""

    graft: Graft
    imports: tuple[str, ...]
    package: str


_OURS = ("probe", "fuse", "graph.inspect", "graph.save")
OURS = tuple(f"onnxprobe.{module}" for module in _OURS)
TOOLS = {
    "onnx.load": Tool(onnx_load, ("onnx",), "onnx"),
    "onnxprobe": Tool(onnxprobe_graft, OURS, "onnxprobe"),
    "onnxprobe, no fsync": Tool(onnxprobe_unsynced, OURS, "onnxprobe"),
    "onnxprobe inspect": Tool(onnxprobe_inspect, OURS, "onnxprobe"),
    "onnx-ir": Tool(onnx_ir_graft, ("onnx_ir", "onnx_ir.convenience"), "onnx-ir"),
    "onnx-graphsurgeon": Tool(
        onnx_graphsurgeon, ("onnx", "onnx_graphsurgeon"), "onnx-graphsurgeon"
    ),
    "onnx.compose": Tool(onnx_compose, ("onnx", "onnx.compose", "onnx.numpy_helper"), "onnx"),
    "sclblonnx": Tool(sclblonnx_graft, ("sclblonnx",), "sclblonnx"),
}


def memory(key: str) -> float:
    """Return a line of ``/proc/self/status`` in MB: VmRSS now, or VmHWM, the highest so far."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.split(f"{key}:")[1].split()[0]) / 1024


def measure(name: str, task: Task) -> dict[str, Any]:
    """Do one graft and return what it took, imports aside."""
    tool = TOOLS[name]
    began = time.perf_counter()
    try:
        for module in tool.imports:
            importlib.import_module(module)
    except ImportError as error:
        return {"missing": str(error.name)}
    imports = time.perf_counter() - began
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the highest so far
    start, cpu = time.perf_counter(), time.process_time()
    try:
        tool.graft(task)
    except Exception as error:  # noqa: BLE001  whatever a peer raises is its result
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"}
    return {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "megabytes": memory("VmHWM") - before,
        "imports": imports,
        "version": version(tool.package),
    }


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    tool, backbone, head, out, at, channels = sys.argv[1:]
    done = measure(tool, Task(Path(backbone), Path(head), Path(out), at, int(channels)))
    print(json.dumps(done))
