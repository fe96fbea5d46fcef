"""What a server written in Python is made of: one that takes arrays, and pictures where it can."""

from onnxprobe.package._base import Files
from onnxprobe.package.copied import script
from onnxprobe.package.delivery import Delivery
from onnxprobe.package.plain import runnable, told
from onnxprobe.package.requirements import listed, requirements


def served(of: Delivery, server: str) -> Files:
    """Return all files but those that only ``server``, a package of pip, knows."""
    pictures = () if of.preprocess is None else ("opencv-python-headless",)
    return {
        **of.model_files(),
        "served.py": script("served.py"),
        **runnable(of),
        **listed((*requirements(of, server), *pictures)),
        **told(of),
    }
