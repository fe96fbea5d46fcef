"""MLServer: settings, a runtime that speaks V2, and the model."""

from collections.abc import Sequence
from typing import Any, Final

from onnxprobe.graph.value import Value
from onnxprobe.lint.v2 import DATATYPES
from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import MODEL, Delivery
from onnxprobe.package.feeds import sizes
from onnxprobe.package.plain import told
from onnxprobe.package.promise import as_text
from onnxprobe.package.requirements import listed, requirements


def _files(of: Delivery) -> Files:
    settings = {
        "name": of.name,
        "implementation": "mlserver_runtime.Onnx",
        "platform": "onnx",
        "inputs": _metadata(of.inputs),
        "outputs": _metadata(of.outputs),
        "parameters": {"uri": f"./{MODEL}"},
    }
    return {
        "model-settings.json": as_text(settings),
        **of.model_files(),
        "mlserver_runtime.py": script("mlserver_runtime.py"),
        "served.py": script("served.py"),
        **listed(requirements(of, "mlserver")),
        **told(of),
    }


def _metadata(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [
        {"name": v.name, "datatype": DATATYPES[v.dtype or "float32"], "shape": list(sizes(v))}
        for v in values
    ]


MLSERVER: Final = Packaging(
    name="mlserver",
    says="an MLServer model folder that speaks V2 over REST and gRPC",
    files=_files,
    lints="v2",
    next="mlserver start {folder}",
)
