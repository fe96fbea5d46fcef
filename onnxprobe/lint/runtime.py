"""Whether the runtime loads the file: opset, IR version, operators, weights, types, text, maps."""

from collections.abc import Iterator
from typing import Final

from onnxprobe.errors import GraphError, MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk.outside import found
from onnxprobe.lint._base import Finding, Subject, error, warning
from onnxprobe.repair import check_whole
from onnxprobe.repair.order import ORDER
from onnxprobe.repair.reasons import misfit
from onnxprobe.targets import obstacles, target

_SIZED_AT_RUN_TIME: Final = ("Compress", "NonMaxSuppression", "NonZero", "Unique")
"""Operators whose results have a size that only their input's values tell."""
_TENSORRT: Final = "tensorrt"


def loads(subject: Subject) -> Iterator[Finding]:
    """Find what keeps the runtime from loading the model, as far as its table knows."""
    for obstacle in obstacles(subject.model, subject.runtime):
        says = f"the model needs {obstacle.what}, but {obstacle.why}"
        yield error("runtime", says, obstacle.how)


def graph(subject: Subject) -> Iterator[Finding]:
    """Find what is no whole graph, or not as ONNX has it: circles, gaps, attributes, numbers of inputs."""
    model, mends = subject.model, f"onnxprobe repair {subject.path} -o repaired.onnx"
    try:
        late = ORDER.find(model)
        if late:
            ORDER.mend(model, late)
            says = (
                f"{late[0]} stands before what it reads; ONNX lists nodes in the order they run in"
            )
            yield warning("order", says, mends)
        check_whole(model)
        why = misfit(model)
    except GraphError as broken:
        why = str(broken)
    if why is not None:
        yield error("graph", why, f"{mends}, or export it again")


def weights(subject: Subject) -> Iterator[Finding]:
    """Find a file of weights that is not beside the model, too short, or under a name that is refused."""
    try:
        found(subject.model.proto)
    except (MissingWeightsError, NotOnnxError) as why:
        yield error(
            "weights", str(why), "put the file of weights that was exported beside the model"
        )


def text(subject: Subject) -> Iterator[Finding]:
    """Find inputs and outputs of text: they are computed on the CPU and sent as bytes."""
    for value in (*subject.inputs, *subject.outputs):
        if value.dtype == "str":
            yield warning(
                "text",
                f"{value.name!r} is text, which GPUs do not compute and most other runtimes refuse "
                "with the whole file",
                "return ids and keep the text in a file of labels",
            )


def tensorrt(subject: Subject) -> Iterator[Finding]:
    """Find what runs outside TensorRT where it is the accelerator, and splits its engine."""
    wanted = subject.config is not None and _TENSORRT in subject.config.text
    if not wanted:
        return
    aim = target(_TENSORRT)
    for obstacle in obstacles(subject.model, aim):
        says = f"{obstacle.what} runs outside TensorRT: {obstacle.why}"
        yield warning("tensorrt", says, obstacle.how)
    yield from sized_at_run_time(subject)


def sized_at_run_time(subject: Subject) -> Iterator[Finding]:
    """Find results whose size only the values tell: TensorRT plans memory before it runs."""
    for op in _SIZED_AT_RUN_TIME:
        names = [node.outputs[0] for node in subject.model.nodes if node.op == op]
        if names:
            yield warning(
                "size-at-run-time",
                f"{op} gives {names[0]!r}, whose size is known at run time alone; TensorRT breaks "
                "the engine there, or allocates the largest it can be",
                "move it behind the model, or keep the largest size with TopK",
            )
