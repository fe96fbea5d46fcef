import json

import numpy as np

from onnxprobe.fuse import Part
from onnxprobe.heads import HEADS, LinearHead
from onnxprobe.probe import Probe


def test_thresholds_are_told_to_the_last_bit(tiny):
    """A threshold near 0 that is told as 0 puts every picture into the class."""
    threshold = np.array([3e-7, 0.1, 1 - 1e-7], np.float32)
    head = LinearHead(
        kind=HEADS["detectors"],
        weight=np.zeros((3, 4), np.float32),
        bias=np.zeros(3, np.float32),
        threshold=threshold,
        classes=("a", "b", "c"),
        widths=(4,),
    )
    part = Part.linear(head, [Probe("block", "mean")], like=tiny)
    told = json.loads(json.dumps(part.facts["threshold"]))
    np.testing.assert_array_equal(np.array(told, np.float32), threshold)
