import json

import cv2
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import MissingWeightsError
from onnxprobe.graph.expose import expose
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save


def invoke(*args):
    return CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False)


@pytest.fixture
def moved(tmp_path, tiny):
    """The small network with one weight a little off, and another operator."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    values = onnx.numpy_helper.to_array(proto.graph.initializer[1]) * 1.5
    proto.graph.initializer[1].CopyFrom(onnx.numpy_helper.from_array(values, "w2"))
    proto.graph.node[2].op_type = "Sigmoid"
    return save(Model(proto), tmp_path / "moved.onnx")


def test_an_equal_file_keeps_the_contract(tiny_file):
    result = invoke("check", tiny_file, tiny_file)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "          output 'scores' bit-identical (batch 1, 2, 5)", "contract kept",
    ]  # fmt: skip


def test_what_breaks_is_listed_and_the_exit_code_is_one(tiny_file, moved):
    result = invoke("check", tiny_file, moved)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == "  breaks  node 'gate' (Sigmoid of 'branch'): Relu is now Sigmoid"
    assert lines[1].startswith("  breaks  weight 'w2' float32[4×4×3×3] has values up to 0.2")
    assert lines[2].startswith("  breaks  output 'scores' differs by up to")
    assert lines[3] == "contract broken"


def test_answers_of_another_shape_are_said_to_be_no_more_or_less(tmp_path, tiny_file, tiny):
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny.proto)
    last = next(node for node in proto.graph.node if "scores" in node.output)
    last.output[0] = "flat_scores"
    proto.graph.node.append(onnx.helper.make_node("Unsqueeze", ["flat_scores", "w0"], ["scores"]))
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.array([2]), "w0"))
    proto.graph.output[0].type.tensor_type.ClearField("shape")
    result = invoke("check", tiny_file, save(Model(proto), tmp_path / "deeper.onnx"))
    assert result.exit_code == 1
    assert (
        "output 'scores' is of another type or shape, or infinite where it was not" in result.output
    )


def test_a_new_file_that_takes_no_other_batch_is_a_broken_contract(tmp_path, tiny_file, tiny):
    proto = with_weights_inside(tiny)
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    result = invoke("check", tiny_file, save(Model(proto), tmp_path / "single.onnx"))
    lines = result.output.splitlines()
    assert (result.exit_code, lines[-1]) == (1, "contract broken")
    assert lines[0].startswith(
        "  breaks  input 'image' was image float32[N×3×8×8], is image float32[1×"
    )
    assert "  breaks  the two were not run: " in lines[1]
    assert "single.onnx': the model does not run on image (2, 3, 8, 8)" in lines[1]


@pytest.mark.parametrize(
    ("values", "said"),
    [(-0.0, "has zeros of the other sign"), (np.nan, "is not a number where it was one")],
)
def test_weights_that_differ_by_no_number_are_said_to(tmp_path, tiny, values, said):
    files = []
    for name, filled in (("old", 0.0), ("new", values)):
        proto = with_weights_inside(tiny)
        first = onnx.numpy_helper.to_array(proto.graph.initializer[0])
        tensor = onnx.numpy_helper.from_array(np.full_like(first, filled), "w1")
        tensor.name = proto.graph.initializer[0].name
        proto.graph.initializer[0].CopyFrom(tensor)
        files.append(save(Model(proto), tmp_path / f"{name}.onnx"))
    assert said in invoke("check", *files).output


def test_a_node_that_is_described_otherwise_says_how(tmp_path, tiny_file, tiny):
    proto = with_weights_inside(tiny)
    proto.graph.node[0].doc_string = "from layer 3"
    result = invoke("check", tiny_file, save(Model(proto), tmp_path / "told.onnx"))
    assert "described as '' is now described as 'from layer 3'" in result.output


def test_what_is_added_breaks_nothing(tmp_path, tiny_file, tiny):
    save(expose(tiny, ["block"]), tmp_path / "more.onnx")
    result = invoke("check", tiny_file, tmp_path / "more.onnx")
    assert result.exit_code == 0
    assert result.output.startswith("          output 'block' is new: block float32[N×4×8×8]\n")


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_weights_that_are_missing_are_an_error_and_no_broken_contract(tmp_path, tiny, json_too):
    """Also where both files name the same missing file, and so nothing differs."""
    onnx.save(
        with_weights_inside(tiny), tmp_path / "gone.onnx", save_as_external_data=True, location="gone.data",
        size_threshold=0,
    )  # fmt: skip
    (tmp_path / "gone.data").unlink()
    with pytest.raises(
        MissingWeightsError,
        match=r"gone.onnx': the model keeps its weights in 'gone.data', which is not beside it",
    ):
        invoke("check", tmp_path / "gone.onnx", tmp_path / "gone.onnx", *json_too)


def with_weights_inside(model):
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    return proto


def test_everything_is_there_as_json(tiny_file, moved):
    result = invoke("check", tiny_file, moved, "--json")
    assert result.exit_code == 1
    facts = json.loads(result.output)
    assert facts["kept"] is False
    (node,) = facts["changes"]["nodes_changed"]
    assert (node["output"], node["was"], node["now"]) == ("gate", "Relu", "Sigmoid")
    assert facts["changes"]["weights_changed"][0]["max_difference"] > 0.2
    assert facts["differences"][0]["breaks"] is True
    assert facts["batches"] == [1, 2, 5]


def test_given_arrays_are_run_too(tmp_path, tiny_file):
    np.savez(tmp_path / "in.npz", image=np.ones((40, 3, 8, 8), np.float32))
    result = invoke("check", tiny_file, tiny_file, "--inputs", tmp_path / "in.npz")
    assert "bit-identical (batch 1, 2, 5, and 2 given)" in result.output


def test_given_pictures_are_run_too_and_their_preprocessing_is_told(tmp_path, tiny_file):
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), np.zeros((9, 9, 3), np.uint8))
    result = invoke("check", tiny_file, tiny_file, "--images", tmp_path / "photos")
    assert "preprocessing of the pictures: assumed" in result.stderr
    assert "(batch 1, 2, 5, and 1 given)" in result.stdout


def test_many_differences_of_a_kind_are_counted_and_json_has_them_all(tmp_path, tiny):
    grown, renamed = onnx.ModelProto(), onnx.ModelProto()
    grown.CopyFrom(tiny.proto)
    for i in range(30):
        grown.graph.node.add(op_type="Relu", input=["block"], output=[f"dead{i}"], name=f"{i}")
    renamed.CopyFrom(grown)
    for node in renamed.graph.node:
        node.name = f"renamed/{node.output[0]}"
    old, new = (
        save(Model(grown), tmp_path / "old.onnx"),
        save(Model(renamed), tmp_path / "new.onnx"),
    )
    result = invoke("check", old, new)
    lines = result.output.splitlines()
    assert sum(line.startswith("  breaks  node '") for line in lines) == 10
    assert "  breaks  and 27 more nodes; --json lists all" in lines
    assert lines[-1] == "contract broken"
    assert len(json.loads(invoke("check", old, new, "--json").output)["differences"]) == 37
