"""LitServe: a server in one file, for arrays and for pictures."""

from typing import Final

from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.mlflow import requirements
from onnxprobe.package.plain import runnable, told


def _files(of: Delivery) -> Files:
    needs = ("litserve", *requirements(of), *(["opencv-python-headless"] if of.preprocess else []))
    return {
        **of.model_files(),
        "server.py": script("litserve_server.py"),
        "served.py": script("served.py"),
        **runnable(of),
        "requirements.txt": "".join(f"{need}\n" for need in needs),
        **told(of),
    }


LITSERVE: Final = Packaging(
    name="litserve",
    says="a LitServe server, for arrays and for pictures",
    files=_files,
    lints="onnxruntime",
    next="python {folder}/server.py",
)
