"""The folders for LitServe, MLServer, KServe and OpenVINO Model Server."""

import importlib.util
import json
import sys

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper
from packaged_models import CLASSES, fused_file

from onnxprobe.errors import PackageError
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.package import PACKAGINGS, package
from onnxprobe.runtime import run
from onnxprobe.triton.config import config


@pytest.fixture
def served(fused, tmp_path, monkeypatch):
    """The module that LitServe and MLServer import, and the folder it lies in."""
    package(fused, PACKAGINGS["litserve"], tmp_path / "out")
    monkeypatch.syspath_prepend(tmp_path / "out")
    spec = importlib.util.spec_from_file_location("served", tmp_path / "out" / "served.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module.Served(tmp_path / "out")
    sys.modules.pop("pictures", None)


def test_what_is_served_is_what_the_file_answers(served, fused, images):
    answers = served.answers({"image": images.tolist()})  # as JSON brings it
    direct = run(fused, {"image": images})
    assert list(answers) == list(direct)
    for name, array in direct.items():
        np.testing.assert_array_equal(answers[name], array)
    names = [None if i < 0 else CLASSES[i] for i in direct["domain_id"][:, 0]]
    assert served.classes(answers) == {"domain": names}


def test_a_row_that_is_in_no_class_is_null(served):
    assert served.classes({"domain_id": np.array([[-1], [2]])}) == {"domain": [None, CLASSES[2]]}
    assert served.classes({}) == {}


def test_a_picture_is_prepared_as_the_model_says(served):
    picture = np.random.default_rng(0).integers(0, 256, (30, 20, 3), np.uint8)
    (array,) = served.of_picture(cv2.imencode(".png", picture)[1].tobytes()).values()
    assert (array.shape, array.dtype) == ((1, 3, 8, 8), np.float32)


def test_mlserver_is_told_the_name_the_runtime_and_the_tensors(fused, tmp_path):
    done = package(fused, PACKAGINGS["mlserver"], tmp_path / "face", "face-2")
    said = json.loads((tmp_path / "face" / "model-settings.json").read_text())
    assert said["name"] == "face-2"
    assert said["implementation"].partition(".")[0] + ".py" in done.files
    assert said["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 3, 8, 8]}]
    assert [o["datatype"] for o in said["outputs"]] == ["FP32", "FP32", "INT64", "FP32"]


def test_kserve_gets_a_repository_that_triton_serves(fused, tmp_path):
    package(fused, PACKAGINGS["kserve"], tmp_path / "face")
    said = (tmp_path / "face" / "inferenceservice.yaml").read_text()
    assert 'protocolVersion: "v2"' in said
    assert 'name: "face"' in said
    entry = tmp_path / "face" / "models" / "face"
    assert config((entry / "config.pbtxt").read_text()).max_batch_size == 8
    assert (entry / "1" / "model.onnx").read_bytes() == fused.read_bytes()


@pytest.mark.parametrize("name", ["Face", "-face", "face_2", "f" * 64, ""])
def test_a_name_that_kubernetes_refuses_is_refused(fused, tmp_path, name):
    with pytest.raises(PackageError, match="is no name that Kubernetes takes"):
        package(fused, PACKAGINGS["kserve"], tmp_path / "Out", name)


def test_openvino_computes_in_float32(fused, tmp_path):
    package(fused, PACKAGINGS["openvino"], tmp_path / "face")
    (model,) = json.loads((tmp_path / "face" / "config.json").read_text())["model_config_list"]
    assert model["config"]["plugin_config"] == {"INFERENCE_PRECISION_HINT": "f32"}
    file = tmp_path / "face" / model["config"]["base_path"] / "1" / "model.onnx"
    assert file.read_bytes() == fused.read_bytes()


def text_model(path):
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "text",
        [helper.make_tensor_value_info("x", TensorProto.STRING, ["N", 1])],
        [helper.make_tensor_value_info("y", TensorProto.STRING, ["N", 1])],
    )
    opsets = [helper.make_opsetid("", 17)]
    save(Model(helper.make_model(graph, opset_imports=opsets, ir_version=8)), path)
    return path


def test_what_the_server_would_refuse_is_not_written(tmp_path):
    path = text_model(tmp_path / "text.onnx")
    with pytest.raises(PackageError, match=r"openvino would refuse .*: the model needs the output"):
        package(path, PACKAGINGS["openvino"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    package(path, PACKAGINGS["mlserver"], tmp_path / "out")  # V2 carries text


@pytest.mark.parametrize("name", PACKAGINGS)
def test_the_same_input_gives_the_same_bytes_for_every_target(tmp_path, name):
    fused = fused_file(tmp_path)
    for out in ("one", "two"):
        done = package(fused, PACKAGINGS[name], tmp_path / out, "face")
    for file in done.files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.parametrize("name", PACKAGINGS)
def test_every_target_takes_the_fused_file_byte_for_byte(fused, tmp_path, name):
    done = package(fused, PACKAGINGS[name], tmp_path / "out", "face")
    (model,) = (file for file in done.files if file.endswith("model.onnx"))
    assert (tmp_path / "out" / model).read_bytes() == fused.read_bytes()
