import onnx
import pytest
from conftest import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.graph.expose import expose
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.verdict import verdict


def changed(model, change):
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    change(proto)
    return Model(proto)


def rename_output(proto):
    proto.graph.node[-1].output[0] = proto.graph.output[0].name = "logits"


def declare_otherwise(proto):
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 9


def raise_opset(proto):
    proto.opset_import[0].version += 1


def import_more(proto):
    proto.opset_import.add(domain="ai.onnx.ml", version=3)


def raise_ir(proto):
    proto.ir_version += 1


def drop_metadata(proto):
    del proto.metadata_props[:]


def drop_node(proto):
    proto.graph.node[2].op_type = "Identity"


def change_weight(proto):
    data = bytearray(proto.graph.initializer[0].raw_data)
    data[0] ^= 1
    proto.graph.initializer[0].raw_data = bytes(data)


def scalar_output(proto):
    proto.graph.output.add(name="flat").type.tensor_type.elem_type = 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename_output, "the list of outputs was scores, is logits"),
        (declare_otherwise, "input 'image' was image float32[N×3×8×8], is image float32[N×3×9×8]"),
        (raise_opset, "opset of 'ai.onnx' was 17, is 18"),
        (import_more, "opset of 'ai.onnx.ml' is new: 3"),
        (raise_ir, "IR version was 8, is 9"),
        (drop_metadata, "metadata owner is gone (was somebody)"),
        (drop_node, "node 'gate' was as it was, is changed"),
        (change_weight, "weight 'w1' was as it was, is changed"),
        (scalar_output, "output 'flat' is new: flat float32[?]; servers need rank 2 or more"),
    ],
)
def test_each_broken_promise_is_named(tiny, change, said):
    differences = compare(tiny, changed(tiny, change))
    assert said in [str(d) for d in differences if d.breaks]
    assert not kept(differences)


def test_the_same_model_has_no_differences(tiny):
    assert compare(tiny, tiny) == ()


def test_a_further_output_is_listed_but_breaks_nothing(tiny):
    differences = compare(tiny, expose(tiny, ["block"]))
    assert [str(d) for d in differences] == ["output 'block' is new: block float32[N×4×8×8]"]
    assert kept(differences)


def test_an_output_without_the_batch_breaks_servers(tiny):
    other = expose(tiny_model(), ["block"])
    other.proto.graph.output[1].type.tensor_type.shape.dim[0].dim_value = 1
    assert "its first size must be the batch, 'N'" in str(compare(tiny, other)[0])


def test_a_weight_that_moved_to_another_place_is_the_same_weight(loaded_big, tmp_path):
    from onnxprobe.graph.load import load

    again = load(save(loaded_big, tmp_path / "again.onnx"))
    assert compare(loaded_big, again) == ()


def test_the_verdict_of_a_changed_weight_shows_the_output_that_moves(tiny, tmp_path):
    def much(proto):
        values = onnx.numpy_helper.to_array(proto.graph.initializer[0]) * 2
        proto.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(values, "w1"))

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, much), tmp_path / "new.onnx")
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert not found.kept
    assert not found.outputs[0].identical
    assert found.outputs[0].max_difference > 0.01


def test_the_verdict_of_an_equal_file_is_kept(tiny_file):
    found = verdict(tiny_file, tiny_file)
    assert found.kept
    assert found.to_json()["outputs"] == (
        {"name": "scores", "identical": True, "max_difference": 0.0},
    )


def test_models_that_take_different_inputs_are_not_run(tiny, tmp_path):
    def rename_input(proto):
        proto.graph.node[0].input[0] = proto.graph.input[0].name = "picture"

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, rename_input), tmp_path / "new.onnx")
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert (found.kept, found.batches) == (False, ())
