"""OpenVINO Model Server: a model repository and the configuration that serves it."""

from typing import Final

from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.plain import told
from onnxprobe.package.promise import as_text

_EXACT: Final = {"INFERENCE_PRECISION_HINT": "f32"}
"""Else CPUs that have bfloat16 compute in it: scores are up to 8e-3 off then."""


def _files(of: Delivery) -> Files:
    model = {"name": of.name, "base_path": of.name, "plugin_config": _EXACT}
    return {
        "config.json": as_text({"model_config_list": [{"config": model}]}),
        **of.model_files(folder=f"{of.name}/1/"),
        **told(of),
    }


OPENVINO: Final = Packaging(
    name="openvino",
    says="a repository of OpenVINO Model Server, computing in float32",
    files=_files,
    lints="openvino",
    next="ovms --config_path {folder}/config.json --rest_port 8000 --port 9000",
)
