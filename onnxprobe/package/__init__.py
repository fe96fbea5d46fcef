"""Folders that serving systems take as they are: one file each.

To add one: write what its users copy in a file beside this one, list it here.
"""

from typing import Final

from onnxprobe.package._base import Content, Files, Packaged, Packaging
from onnxprobe.package.bentoml import BENTOML
from onnxprobe.package.browser import BROWSER
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.kserve import KSERVE
from onnxprobe.package.litserve import LITSERVE
from onnxprobe.package.mlflow import MLFLOW
from onnxprobe.package.mlserver import MLSERVER
from onnxprobe.package.openvino import OPENVINO
from onnxprobe.package.packaging import package, replace, rollback
from onnxprobe.package.plain import PLAIN
from onnxprobe.package.triton import TRITON
from onnxprobe.package.verifying import Verified, verify
from onnxprobe.registry import Registry

PACKAGINGS: Final = Registry(
    "packaging", [BENTOML, BROWSER, KSERVE, LITSERVE, MLFLOW, MLSERVER, OPENVINO, PLAIN, TRITON]
)

__all__ = [
    "PACKAGINGS",
    "Content",
    "Delivery",
    "Files",
    "Packaged",
    "Packaging",
    "Verified",
    "package",
    "replace",
    "rollback",
    "verify",
]
