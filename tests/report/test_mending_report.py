from pathlib import Path

from onnxprobe.proof import Compared
from onnxprobe.report.mending import unfused_line
from onnxprobe.unfuse import Unfused


def test_one_output_is_one_output():
    same = Compared("scores", identical=True, max_difference=0.0)
    done = Unfused(("domain",), (), original=False, batches=(1, 2), outputs=(same,))
    assert unfused_line(done, Path("out.onnx")) == (
        "out.onnx: without 'domain'; 1 output bit-identical at batch 1, 2"
    )
