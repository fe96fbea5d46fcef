"""BentoML: a service, and what builds it into a Bento."""

from typing import Final

from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.mlflow import requirements
from onnxprobe.package.plain import runnable, told
from onnxprobe.package.yaml import as_yaml


def _files(of: Delivery) -> Files:
    needs = ("bentoml", *requirements(of), *(["opencv-python-headless"] if of.preprocess else []))
    return {
        "service.py": script("bentoml_service.py"),
        "served.py": script("served.py"),
        **runnable(of),
        **of.model_files(),
        "bentofile.yaml": as_yaml(
            {
                "service": "service:Model",
                "include": ["*"],
                "python": {"requirements_txt": "requirements.txt"},
            }
        ),
        "requirements.txt": "".join(f"{need}\n" for need in needs),
        **told(of),
    }


BENTOML: Final = Packaging(
    name="bentoml",
    says="a BentoML service for arrays and for pictures, ready to build",
    files=_files,
    lints="onnxruntime",
    next="bentoml serve service:Model --working-dir {folder}",
)
