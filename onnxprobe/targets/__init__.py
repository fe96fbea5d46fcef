"""Runtimes that a fused model can be made for: one file each, a table of facts.

To add one: write its table in a file beside this one, list it here.
"""

from typing import Final

from onnxprobe.registry import Registry
from onnxprobe.targets._base import Release, Runtime, Target
from onnxprobe.targets.browser import BROWSER
from onnxprobe.targets.fitting import Obstacle, obstacles, require
from onnxprobe.targets.onnxruntime import ONNXRUNTIME
from onnxprobe.targets.opencv import OPENCV
from onnxprobe.targets.openvino import OPENVINO
from onnxprobe.targets.tensorrt import TENSORRT
from onnxprobe.targets.tract import TRACT

TARGETS: Final = Registry("target", [BROWSER, ONNXRUNTIME, OPENCV, OPENVINO, TENSORRT, TRACT])


def target(text: str) -> Target:
    """Read ``onnxruntime==1.16``, or ``onnxruntime`` for the newest that is known.

    >>> target("onnxruntime==1.16.3").release.opset
    19

    Raises:
        NoSuchNameError: there is no such runtime.
        VersionError: it is no version, or older than anything known.
    """
    name, _, version = text.partition("==")
    runtime = TARGETS[name]
    release = runtime.release(version or None)
    return Target(runtime, release, version or release.version)


__all__ = ["TARGETS", "Obstacle", "Release", "Runtime", "Target", "obstacles", "require", "target"]
