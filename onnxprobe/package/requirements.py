"""What pip installs where a package is to run."""

import json
from typing import Final

from onnxprobe.fuse import VERSIONS
from onnxprobe.package.delivery import Delivery

REQUIREMENTS: Final = "requirements.txt"
_NEEDS: Final = ("numpy", "onnx", "onnxruntime")


def requirements(of: Delivery, server: str) -> tuple[str, ...]:
    """Return the server, and what runs the model, in the versions that it was proven with."""
    said = json.loads(of.model.metadata.get(VERSIONS, "{}"))
    return server, *(f"{name}=={said[name]}" if name in said else name for name in _NEEDS)


def listed(needs: tuple[str, ...]) -> dict[str, str]:
    """Return the file that ``pip install -r`` reads."""
    return {REQUIREMENTS: "".join(f"{need}\n" for need in needs)}
