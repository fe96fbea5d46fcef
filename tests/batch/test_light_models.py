"""The networks of the onnx wheel, all declared for one picture."""

from pathlib import Path

import onnx
import pytest

from onnxprobe.batch import baked
from onnxprobe.batch.proving import write_dynamic
from onnxprobe.graph.load import load

pytestmark = pytest.mark.real

LIGHT = sorted((Path(onnx.__file__).parent / "backend/test/data/light").glob("*.onnx"))
HARD_CODED = {
    "light_bvlc_alexnet": 1,
    "light_densenet121": 0,
    "light_inception_v1": 1,
    "light_inception_v2": 1,
    "light_resnet50": 1,
    "light_shufflenet": 33,
    "light_squeezenet": 0,
    "light_vgg19": 1,
    "light_zfnet512": 1,
}


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_the_nodes_that_count_on_one_picture_are_named(path):
    found = baked(load(path))
    assert len(found) == HARD_CODED[path.stem]
    assert all("writes batch 1 into its shape [1, " in str(place) for place in found)


@pytest.mark.slow
@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_they_answer_for_several_pictures_as_for_each(path, tmp_path):
    done = write_dynamic(path, tmp_path / "dynamic.onnx")
    assert all(output.difference <= 1e-5 for output in done.outputs)
    onnx.checker.check_model(str(tmp_path / "dynamic.onnx"))
