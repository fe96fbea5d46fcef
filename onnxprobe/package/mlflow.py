"""MLflow: a model directory of the flavours ``onnx`` and ``python_function``, without MLflow.

The files are those that ``mlflow.onnx.save_model`` of MLflow 3.17 writes.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from onnxprobe.errors import PackageError
from onnxprobe.graph.value import Value
from onnxprobe.package._base import Content, Files, Packaging
from onnxprobe.package.delivery import MODEL, Delivery
from onnxprobe.package.feeds import request, sizes, zeros
from onnxprobe.package.plain import told
from onnxprobe.package.requirements import REQUIREMENTS, listed, requirements
from onnxprobe.package.yaml import as_yaml

_PROVIDERS: Final = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""What MLflow writes where nobody says; it takes those that are installed."""


def _files(of: Delivery) -> Files:
    needs = requirements(of, "mlflow")
    conda = {
        "name": "mlflow-env",
        "channels": ["conda-forge"],
        "dependencies": ["python", "pip", {"pip": list(needs)}],
    }
    return {
        "MLmodel": as_yaml(_mlmodel(of)),
        **of.model_files(),
        **_example(of),
        **listed(needs),
        "python_env.yaml": as_yaml({"dependencies": [f"-r {REQUIREMENTS}"]}),
        "conda.yaml": as_yaml(conda),
        **told(of),
    }


def _mlmodel(of: Delivery) -> dict[str, Any]:
    onnx = next(need for need in requirements(of, "mlflow") if need.startswith("onnx"))
    version = onnx.partition("==")[2] or None
    example = {
        "artifact_path": "input_example.json",
        "serving_input_path": "serving_input_example.json",
        "type": "ndarray",
    }
    return {
        "flavors": {
            "onnx": {
                "code": None,
                "data": MODEL,
                "onnx_version": version,
                "providers": list(_PROVIDERS),
                "onnx_session_options": None,
            },
            "python_function": {
                "data": MODEL,
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.onnx",
            },
        },
        "metadata": {
            "sha256": of.sha256,
            "heads": {head.name: list(head.classes) for head in of.heads},
        },
        "model_uuid": of.sha256[:32],
        **({} if request(of) is None else {"saved_input_example_info": example}),
        "signature": {
            "inputs": json.dumps(_schema(of.inputs)),
            "outputs": json.dumps(_schema(of.outputs)),
            "params": None,
        },
    }


def _schema(values: Sequence[Value]) -> list[dict[str, Any]]:
    return [
        {
            "name": value.name,
            "type": "tensor",
            "tensor-spec": {"dtype": _dtype(value), "shape": list(sizes(value))},
        }
        for value in values
    ]


def _dtype(value: Value) -> str:
    if value.dtype is None or value.shape is None:
        raise PackageError(
            f"{value} has no place in the signature of an MLflow model, which has tensors of a known "
            "rank only"
        )
    return value.dtype


def _example(of: Delivery) -> dict[str, Content]:
    """Return a request of zeros, as MLflow keeps it and as its server is sent it."""
    shapes = request(of)
    if shapes is None:
        return {}
    kinds = {value.name: value.dtype for value in of.inputs}
    feeds = {name: zeros(shape, kinds[name]) for name, shape in shapes.items()}
    return {
        "input_example.json": json.dumps(feeds),
        "serving_input_example.json": json.dumps({"inputs": feeds}),
    }


MLFLOW: Final = Packaging(
    name="mlflow",
    says="an MLflow model directory, with signature and input example",
    files=_files,
    lints="onnxruntime",
    next="mlflow models serve -m {folder} --env-manager local",
)
