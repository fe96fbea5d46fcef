"""KServe: an InferenceService that Triton serves, and the repository for its storage."""

import re
from typing import Final

from onnxprobe.errors import PackageError
from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.triton.entry import fresh
from onnxprobe.package.yaml import as_yaml

_DNS: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""What Kubernetes takes for a name (RFC 1123)."""
_HINT: Final = "# Copy the folder 'models' to your storage, and say here where it is.\n"


def _files(of: Delivery) -> Files:
    if not _DNS.fullmatch(of.name):
        raise PackageError(
            f"{of.name!r} is no name that Kubernetes takes (small letters, digits and '-', at most "
            "63); give one with --name"
        )
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": of.name},
        "spec": {
            "predictor": {
                "model": {
                    "modelFormat": {"name": "onnx"},
                    "protocolVersion": "v2",
                    "runtime": "kserve-tritonserver",
                    "storageUri": "pvc://REPLACE/models",
                }
            }
        },
    }
    entry = {f"models/{of.name}/{path}": content for path, content in fresh(of).items()}
    return {"inferenceservice.yaml": _HINT + as_yaml(service), **entry}


KSERVE: Final = Packaging(
    name="kserve",
    says="an InferenceService on Triton, and the model repository for its storage",
    files=_files,
    lints="triton",
    next="kubectl apply -f {folder}/inferenceservice.yaml",
)
