"""BentoML: a service, and what builds it into a Bento."""

from typing import Final

from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.requirements import REQUIREMENTS
from onnxprobe.package.served import served
from onnxprobe.package.yaml import as_yaml


def _files(of: Delivery) -> Files:
    build = {
        "service": "service:Model",
        "include": ["*"],
        "python": {"requirements_txt": REQUIREMENTS},
    }
    return {
        **served(of, "bentoml"),
        "service.py": script("bentoml_service.py"),
        "bentofile.yaml": as_yaml(build),
    }


BENTOML: Final = Packaging(
    name="bentoml",
    says="a BentoML service for arrays and for pictures, ready to build",
    files=_files,
    lints="onnxruntime",
    next="bentoml serve service:Model --working-dir {folder}",
)
