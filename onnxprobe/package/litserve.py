"""LitServe: a server in one file, for arrays and for pictures."""

from typing import Final

from onnxprobe.package._base import Files, Packaging
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.served import served


def _files(of: Delivery) -> Files:
    return {**served(of, "litserve"), "server.py": script("litserve_server.py")}


LITSERVE: Final = Packaging(
    name="litserve",
    says="a LitServe server, for arrays and for pictures",
    files=_files,
    lints="onnxruntime",
    next="python {folder}/server.py",
)
