import json

import numpy as np
import onnx
import pytest
from functions import with_function
from tiny import tiny_model

from onnxprobe.contract import compare, kept
from onnxprobe.graph.expose import expose
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.probe import Probe, attach
from onnxprobe.report.differences import verdict_text
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


def change_pads(proto):
    proto.graph.node[0].attribute[0].ints[:] = [0, 0, 0, 0]


def lose_node(proto):
    del proto.graph.node[2]


def rewire(proto):
    proto.graph.node[3].input[1] = "branch"


def reshape_weight(proto):
    proto.graph.initializer[3].dims.insert(0, 1)


def lose_weight(proto):
    del proto.graph.initializer[3]


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
        (drop_node, "node 'gate' (Identity of 'branch'): Relu is now Identity"),
        (change_pads, "node 'stem' (Conv of 'image'): pads [1, 1, 1, 1] is now pads [0, 0, 0, 0]"),
        (lose_node, "node 'gate' is gone (was Relu of 'branch', read by 'block')"),
        (
            rewire,
            "node 'block' (Add of 'stem', 'branch'): of 'stem', 'gate' is now of 'stem', 'branch'",
        ),
        (change_weight, "weight 'w1' float32[4×3×3×3] has values up to 2.98e-08 apart"),
        (reshape_weight, "weight 'b3' was float32[5], is float32[1×5]"),
        (lose_weight, "weight 'b3' is gone (was float32[5])"),
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
    (output,) = found.to_json()["outputs"]
    assert (output["name"], output["identical"], output["max_difference"]) == ("scores", True, 0.0)


def test_what_can_be_seen_of_a_model_that_does_not_load_is_told(tiny, tmp_path):
    def foreign(proto):
        proto.graph.node[2].op_type, proto.graph.node[2].domain = "Plugin", "nobody"
        proto.opset_import.add(domain="nobody", version=1)

    save(changed(tiny, foreign), tmp_path / "old.onnx")
    save(attach(load(tmp_path / "old.onnx"), [Probe("stem")]), tmp_path / "new.onnx")
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert "old.onnx': ONNX Runtime" in found.unloaded
    assert (found.kept, found.batches, found.to_json()["unloaded"]) == (False, (), found.unloaded)
    text = verdict_text(found)
    assert "output 'stem:mean' is new" in text
    assert f"  breaks  the two were not run: {found.unloaded}\ncontract broken" in text


def test_models_that_take_different_inputs_are_not_run(tiny, tmp_path):
    def rename_input(proto):
        proto.graph.node[0].input[0] = proto.graph.input[0].name = "picture"

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, rename_input), tmp_path / "new.onnx")
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert (found.kept, found.batches) == (False, ())


def test_what_is_added_is_counted_and_shown_where_it_hangs(tiny):
    def grow(proto):
        half = onnx.numpy_helper.from_array(np.float32(0.5), "half")
        proto.graph.initializer.append(half)
        proto.graph.node.append(onnx.helper.make_node("Mul", ["flat", "half"], ["halved"]))
        proto.graph.node.append(onnx.helper.make_node("Neg", ["halved"], ["late"]))
        proto.graph.node.append(onnx.helper.make_node("Neg", ["stem"], ["other"]))

    differences = compare(tiny, changed(tiny, grow))
    assert kept(differences)
    assert [str(d) for d in differences] == [
        "3 nodes are new: Mul, 2 Neg, reading 'flat', 'stem', giving 'late', 'other'",
        "1 weight is new: 'half' float32[]",
    ]


def test_what_a_file_says_of_itself_breaks_nothing(tiny):
    def describe(proto):
        proto.doc_string, proto.producer_name, proto.graph.name = "about", "us", "small"

    differences = compare(tiny, changed(tiny, describe))
    assert kept(differences)
    assert [str(d) for d in differences] == [
        "file producer name is new: us",
        "file doc string is new: about",
        "file graph name was tiny, is small",
    ]


def test_a_node_whose_body_changed_is_named(tiny):
    def branch(op):
        def add(proto):
            out = [onnx.helper.make_tensor_value_info("z", 1, None)]
            body = onnx.helper.make_graph(
                [onnx.helper.make_node(op, ["flat"], ["z"])], "b", [], out
            )
            proto.graph.initializer.append(onnx.numpy_helper.from_array(np.bool_(1), "flag"))
            proto.graph.node.append(
                onnx.helper.make_node("If", ["flag"], ["way"], then_branch=body, else_branch=body)
            )

        return changed(tiny, add)

    (difference,) = compare(branch("Neg"), branch("Abs"))
    assert str(difference) == "node 'way' (If of 'flat'): its content is now another"


def test_a_local_function_that_changed_is_named():
    def model(inner):
        head = with_function("y")
        head.proto.functions[0].node[0].op_type = inner
        return head

    (difference,) = compare(model("Neg"), model("Abs"))
    assert str(difference).startswith("node 'ours::Inner' (local function)")
    assert difference.breaks


def test_the_verdict_runs_what_is_given_too(tiny, tmp_path):
    def clip(proto):  # the same but where an answer is above 100
        proto.graph.node[-1].output[0] = "raw"
        top = onnx.numpy_helper.from_array(np.float32(100), "top")
        proto.graph.initializer.append(top)
        proto.graph.node.append(onnx.helper.make_node("Clip", ["raw", "", "top"], ["scores"]))

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, clip), tmp_path / "new.onnx")
    usual = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    assert usual.outputs[0].identical
    bright = {"image": np.full((1, 3, 8, 8), 1e6, np.float32)}
    dark = {"image": -bright["image"]}
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx", [bright, dark])
    assert (found.given, found.outputs[0].identical) == (2, False)


def test_a_verdict_without_numbers_is_still_json(tiny, tmp_path):
    def to_nothing(proto):
        nothing = onnx.numpy_helper.from_array(np.full(5, np.nan, np.float32), "b3")
        proto.graph.initializer[3].CopyFrom(nothing)

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, to_nothing), tmp_path / "new.onnx")
    said = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx").to_json()
    assert said["outputs"][0]["max_difference"] is None
    assert said["changes"]["weights_changed"][0]["max_difference"] is None
    assert "NaN" not in json.dumps(said, allow_nan=False)


def test_a_long_difference_is_cut_in_the_text_and_whole_as_data(tiny, tmp_path):
    def add_fact(proto):
        proto.metadata_props.add(key="names", value="n" * 5000)

    save(tiny, tmp_path / "old.onnx")
    save(changed(tiny, add_fact), tmp_path / "new.onnx")
    found = verdict(tmp_path / "old.onnx", tmp_path / "new.onnx")
    (line,) = (line for line in verdict_text(found).splitlines() if "names" in line)
    assert len(line) < 300
    assert line.endswith("nnn… (5,023 letters; --json has all)")
    assert "n" * 5000 in str(found.to_json())
