"""What the V2 (open) inference protocol can carry, which Triton, KServe and MLServer speak.

Types and their names: open-inference-protocol, specification/protocol/inference_rest.md.
"""

from collections.abc import Iterator
from typing import Final

from onnxprobe.lint import seen
from onnxprobe.lint._base import Finding, Subject, error, warning

DATATYPES: Final = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "bfloat16": "BF16",
    "float32": "FP32",
    "float64": "FP64",
    "str": "BYTES",
}
"""What the protocol calls the types it has."""
_NOT_IN_JSON: Final = ("float16", "bfloat16")


def tensors(subject: Subject) -> Iterator[Finding]:
    """Find sequences, maps and the like, which no request or response can carry."""
    graph = subject.model.proto.graph
    for info in (*graph.input, *graph.output):
        kind = seen.kind(info)
        if kind != "tensor":
            yield error(
                "v2-tensor",
                f"{info.name!r} is a {kind}, and the protocol carries tensors only",
                f"onnxprobe extract {subject.path} --outputs … (without {info.name!r})",
            )


def types(subject: Subject) -> Iterator[Finding]:
    """Find types that no request or response can carry, or not as JSON."""
    for value in (*subject.inputs, *subject.outputs):
        fix = f"cast {value.name!r} to float32 in the model"
        if value.dtype is not None and value.dtype not in DATATYPES:
            yield error("v2-type", f"the protocol has no type for {value}", fix)
        if value.dtype in _NOT_IN_JSON:
            says = f"{value} has no form in JSON: clients must send and ask for binary tensors"
            yield warning("v2-json", says, fix)
