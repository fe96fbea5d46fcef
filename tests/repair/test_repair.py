import importlib
import pkgutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from nested import in_branch, in_function
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model

import onnxprobe.repair
from onnxprobe.errors import GraphError, NoSuchNameError, RunError, VersionError
from onnxprobe.graph.inference.infer import infer
from onnxprobe.graph.inline import inline
from onnxprobe.graph.model import Model
from onnxprobe.repair import AILMENTS, Ailment, repair
from onnxprobe.runtime import Session, run


def bytes_of(model):
    return model.proto.SerializeToString(deterministic=True)


def healthy(**options):
    """The small network with every inner tensor declared."""
    return repair(tiny_model(**options), also=["value-info"]).model


def damaged(change, model=None):
    proto = onnx.ModelProto()
    proto.CopyFrom((model or healthy()).proto)
    change(proto)
    return Model(proto)


def import_twice(proto):
    proto.opset_import.add(domain="ai.onnx", version=17)


def reverse(proto):
    proto.graph.node.reverse()


def one_name_for_all(proto):
    for node in proto.graph.node[:3]:
        node.name = "node"


def weight_twice(proto):
    first = onnx.TensorProto()
    first.CopyFrom(proto.graph.initializer[0])
    first.raw_data = bytes(len(first.raw_data))
    proto.graph.initializer.insert(0, first)


def list_weights(proto):
    for t in proto.graph.initializer:
        proto.graph.input.append(helper.make_tensor_value_info(t.name, t.data_type, t.dims))


def add_input(proto):
    proto.graph.input.append(helper.make_tensor_value_info("old_weight", TensorProto.FLOAT, [3]))


def add_weights(proto):
    lost = numpy_helper.from_array(np.ones(3, np.float32), "lost")
    proto.graph.initializer.append(lost)
    places = numpy_helper.from_array(np.zeros(3, np.int64), "places")
    thin = numpy_helper.from_array(np.ones(3, np.float32), "thin")
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(thin, places, [9]))
    proto.graph.node.append(helper.make_node("Constant", [], ["gone"], value=lost))
    proto.graph.quantization_annotation.add(tensor_name="lost")


def declare_twice(proto):
    proto.graph.value_info.insert(0, helper.make_tensor_value_info("stem", TensorProto.FLOAT, None))


def forget_types(proto):
    for info in proto.graph.value_info:
        info.ClearField("type")


def leave_types_behind(proto):
    """As what converts to half precision does; another way round here."""
    for info in proto.graph.value_info:
        if info.name in {"stem", "pooled"}:
            info.type.tensor_type.elem_type = TensorProto.FLOAT16


def misshape(proto):
    """Of another rank, and of another size where the batch is open."""
    for info in proto.graph.value_info:
        if info.name in {"stem", "flat"}:
            dims = info.type.tensor_type.shape.dim
            del dims[3:]
            dims[1].dim_value = 7


def quantised(**attributes):
    """A bias in int8, as a tool that quantises in blocks writes it."""
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s"], ["c"], name="c", **attributes),
        helper.make_node("Add", ["x", "c"], ["y"], name="y"),
    ]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 4]) for n in ("x", "y")]
    constants = [
        numpy_helper.from_array(np.arange(4, dtype=np.int8), "q"),
        numpy_helper.from_array(np.array([0.5], np.float32), "s"),
    ]
    graph = helper.make_graph(nodes, "bias", infos[:1], infos[1:], constants)
    inner = helper.make_tensor_value_info("c", TensorProto.FLOAT, [4])
    graph.value_info.append(inner)
    opsets = [helper.make_opsetid("", 21)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=10))


CASES = {
    "imports": (import_twice, ("ai.onnx",)),
    "order": (
        reverse,
        ("Gemm 'gemm'", "Flatten 'flat'", "GlobalAveragePool 'pooled'", "Add 'add'", "Relu 'relu'",
         "Conv 'conv2'"),
    ),
    "weights-twice": (weight_twice, ("w1",)),
    "weights-as-inputs": (list_weights, ("w1", "w2", "w3", "b3")),
    "dangling-inputs": (add_input, ("old_weight",)),
    "unused-weights": (add_weights, ("gone", "lost", "thin")),
    "declared-twice": (declare_twice, ("stem",)),
    "untyped": (forget_types, ("stem", "branch", "gate", "block", "pooled", "flat")),
    "mistyped": (leave_types_behind, ("stem", "pooled")),
    "misshapen": (misshape, ("stem", "flat")),
}  # fmt: skip
ELSEWHERE = {
    "block-size", "forms", "idle-nodes", "inputs-twice", "ir-version", "locations", "outside",
    "roi", "spatial", "surplus", "unimported", "whole-numbers",
}  # fmt: skip
"""What has tests of its own, here, in ``test_refused`` or in ``test_old_opsets``."""


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named_and_mended_and_nothing_else(name):
    change, names = CASES[name]
    found = repair(damaged(change))
    assert [(f.ailment, f.names) for f in found.findings] == [(name, names)]
    assert bytes_of(found.model) == bytes_of(healthy())


@pytest.mark.parametrize("name", CASES)
def test_what_is_skipped_stays(name):
    broken = damaged(CASES[name][0])
    found = repair(broken, skip=[name])
    assert found.findings == ()
    assert bytes_of(found.model) == bytes_of(broken)


def test_a_healthy_model_stays_as_it_is():
    model = healthy()
    found = repair(model)
    assert (found.findings, bytes_of(found.model)) == ((), bytes_of(model))


def test_what_follows_from_the_nodes_is_inferred_once_for_all_ailments(monkeypatch):
    def misdeclare(proto):
        misshape(proto)
        proto.graph.value_info[1].ClearField("type")
        proto.graph.value_info[2].type.tensor_type.elem_type = TensorProto.FLOAT16

    broken, asked = damaged(misdeclare), []
    monkeypatch.setattr(
        "onnxprobe.graph.model.infer", lambda proto: asked.append(1) or infer(proto)
    )
    found = repair(broken)
    assert {f.ailment for f in found.findings} == {"untyped", "mistyped", "misshapen"}
    assert len(asked) == 1


def test_everything_at_once():
    def everything(proto):
        for change in (import_twice, one_name_for_all, weight_twice, list_weights, add_input):
            change(proto)
        for change in (add_weights, declare_twice, reverse):
            change(proto)

    broken = damaged(everything)
    before = bytes_of(broken)
    found = repair(broken)
    always = {ailment.name for ailment in AILMENTS.values() if ailment.when == "always"}
    assert {f.ailment for f in found.findings} == always - (ELSEWHERE - {"inputs-twice"}) - {
        "untyped",
        "misshapen",
        "mistyped",
    }
    assert repair(found.model).findings == ()
    assert bytes_of(broken) == before
    onnx.checker.check_model(found.model.proto, full_check=True)


def test_names_that_several_nodes_have_are_numbered(images):
    def clash(proto):
        one_name_for_all(proto)
        proto.graph.node[3].name = "node_2"

    broken = damaged(clash)
    with pytest.raises(RunError, match="two nodes with same node name"):
        Session(broken)
    found = repair(broken)
    assert [n.name for n in found.model.nodes[:4]] == ["node", "node_3", "node_4", "node_2"]
    np.testing.assert_array_equal(
        run(found.model, {"image": images})["scores"], run(healthy(), {"image": images})["scores"]
    )


def test_nodes_without_a_name_are_no_ailment():
    def nameless(proto):
        for node in proto.graph.node:
            node.name = ""

    assert repair(damaged(nameless)).findings == ()


def test_sorting_moves_only_what_must_move():
    def swap(proto):
        first, *others = list(proto.graph.node)
        del proto.graph.node[:]
        proto.graph.node.extend([*others, first])

    found = repair(damaged(swap))
    assert [n.name for n in found.model.nodes] == [n.name for n in healthy().nodes]


def test_nodes_that_can_stay_in_their_order_do():
    nodes = [helper.make_node("Sum", ["d", "b"], ["late"], name="late")]
    nodes += [helper.make_node("Neg", ["x"], [n], name=n) for n in ("a", "b", "c", "d", "e")]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in ("x", "late")]
    graph = helper.make_graph(nodes, "wide", info[:1], info[1:])
    model = Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    assert [n.name for n in repair(model).model.nodes] == ["a", "b", "c", "d", "late", "e"]


def test_a_circle_cannot_be_sorted():
    def circle(proto):
        proto.graph.node[0].input[0] = "gate"

    with pytest.raises(GraphError, match="the graph has a cycle: Conv 'conv1'"):
        repair(damaged(circle))


def test_old_files_get_the_ir_version_that_needs_no_weights_as_inputs(images):
    old = tiny_model(opset=9, ir_version=3)
    found = repair(old)
    assert (found.model.ir_version, found.model.proto.graph.input[0].name) == (4, "image")
    assert len(found.model.proto.graph.input) == 1
    np.testing.assert_array_equal(
        run(found.model, {"image": images})["scores"], run(old, {"image": images})["scores"]
    )


def test_an_input_that_is_read_only_inside_an_if_is_not_dangling():
    def branch(proto):
        out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
        body = helper.make_graph([helper.make_node("Neg", ["other"], ["z"])], "body", [], out)
        proto.graph.initializer.append(numpy_helper.from_array(np.bool_(1), "flag"))
        proto.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, [3]))
        proto.graph.node.append(
            helper.make_node(
                "If", ["flag"], ["late"], name="if", then_branch=body, else_branch=body
            )
        )

    assert repair(damaged(branch)).findings == ()


def test_an_input_that_is_returned_as_it_is_is_not_dangling():
    def through(proto):
        add_input(proto)
        proto.graph.output.append(proto.graph.input[1])

    assert repair(damaged(through)).findings == ()


def test_a_weight_that_is_returned_is_not_unused():
    def returned(proto):
        proto.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "mean"))
        proto.graph.output.append(helper.make_tensor_value_info("mean", TensorProto.FLOAT, [3]))

    assert repair(damaged(returned)).findings == ()


def test_the_only_input_is_never_taken_out():
    nodes = [helper.make_node("Constant", [], ["y"], value_float=1.0)]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, []) for n in ("x", "y")]
    model = Model(helper.make_model(helper.make_graph(nodes, "one", infos[:1], infos[1:])))
    assert repair(model).model.inputs == ("x",)


def test_a_file_that_declares_nothing_inside_is_well_and_declared_only_when_asked(tiny):
    assert repair(tiny).findings == ()
    found = repair(tiny, also=["value-info"])
    (finding,) = found.findings
    assert finding.names == ("stem", "branch", "gate", "block", "pooled", "flat")
    assert bytes_of(repair(found.model, also=["value-info"]).model) == bytes_of(found.model)
    onnx.checker.check_model(found.model.proto, full_check=True)


@pytest.mark.parametrize("model", [in_function(), in_branch()], ids=["function", "branch"])
def test_functions_and_branches_on_a_constant_are_written_out_when_asked(model, images):
    assert repair(model).findings == ()
    found = repair(model, also=["functions"])
    assert found.findings[0].names in {("ours::Stage",), ("If 'fork'",)}
    assert inline(found.model) is found.model
    np.testing.assert_array_equal(
        run(found.model, {"image": images})["scores"], run(model, {"image": images})["scores"]
    )


def test_what_is_skipped_is_skipped_though_it_is_asked_for(tiny):
    assert repair(tiny, skip=["value-info"], also=["value-info"]).findings == ()


def test_what_inference_cannot_tell_is_not_declared():
    def unknown(proto):
        proto.graph.node.append(helper.make_node("Strange", ["flat"], ["odd"], domain="ours"))
        proto.opset_import.add(domain="ours", version=1)

    assert repair(damaged(unknown), also=["value-info"]).findings == ()


def test_one_block_that_is_everything_becomes_no_blocks():
    broken = quantised(block_size=4, axis=0)
    x = np.zeros((2, 4), np.float32)
    with pytest.raises(RunError, match="block_size must be 0 for per-tensor quantization"):
        run(broken, {"x": x})
    found = repair(broken)
    assert [(f.ailment, f.names) for f in found.findings] == [
        ("block-size", ("DequantizeLinear 'c'",))
    ]
    np.testing.assert_array_equal(run(found.model, {"x": x})["y"], [[0, 0.5, 1, 1.5]] * 2)
    assert repair(quantised(axis=0)).findings == ()


def test_real_blocks_stay():
    broken = quantised(block_size=2, axis=0)
    proto = broken.proto
    proto.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.ones(2, np.float32), "s"))
    assert repair(Model(proto)).findings == ()


@pytest.mark.parametrize(("versions", "kept"), [((17, 17), 17), ((16, 17), 16), ((17, 16), 16)])
def test_the_lowest_of_several_opsets_that_mean_the_same_is_kept(versions, kept):
    def twice(proto):
        proto.opset_import[0].version = versions[0]
        proto.opset_import.add(domain="", version=versions[1])

    assert repair(damaged(twice)).model.opset == kept


def test_opsets_that_mean_different_things_are_refused():
    def twice(proto):
        proto.opset_import.add(domain="", version=9)

    with pytest.raises(VersionError, match="imports opset 9 and 17, and Add differs between them"):
        repair(damaged(twice))


def test_two_versions_of_a_domain_that_nobody_knows_are_refused():
    def twice(proto):
        for version in (1, 2):
            proto.opset_import.add(domain="ours", version=version)

    with pytest.raises(VersionError, match="imports ours as 1 and 2; which of them"):
        repair(damaged(twice))


def test_a_tensor_that_nothing_writes_cannot_be_made_up():
    def lose(proto):
        del proto.graph.node[2]

    with pytest.raises(GraphError, match="Add 'add' reads 'gate', which nothing writes"):
        repair(damaged(lose))


def test_an_output_that_nothing_writes_cannot_be_made_up():
    def lose(proto):
        del proto.graph.node[-1]

    with pytest.raises(GraphError, match="the output 'scores' is written by nothing"):
        repair(damaged(lose))


def write_again(proto):
    proto.graph.node.append(helper.make_node("Neg", ["scores"], ["flat"], name="again"))


def write_a_weight(proto):
    proto.graph.node.append(helper.make_node("Neg", ["scores"], ["w1"], name="again"))


def write_an_input(proto):
    name = proto.graph.input[0].name
    proto.graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "one"))
    proto.graph.node.append(helper.make_node("Neg", ["one"], [name], name="again"))


def input_twice(proto):
    name = proto.graph.input[0].name
    proto.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, [3]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (write_again, "'flat' is written by Flatten 'flat' and by Neg 'again'"),
        (write_a_weight, "Neg 'again' writes 'w1', which is a weight already"),
        (write_an_input, "Neg 'again' writes 'image', which is a model input already"),
        (input_twice, "two inputs are called 'image'; which of them is read is not clear"),
    ],
)
def test_two_of_what_can_be_only_one_are_refused(change, message):
    with pytest.raises(GraphError, match=message):
        repair(damaged(change), skip=["order"])


def test_a_file_in_half_precision_with_declarations_of_float32_loads_again():
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT16, ["N", 4]) for n in ("x", "y")]
    nodes = [helper.make_node("Relu", ["x"], ["a"]), helper.make_node("Neg", ["a"], ["y"])]
    graph = helper.make_graph(nodes, "half", infos[:1], infos[1:])
    graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N", 4]))
    opsets = [helper.make_opsetid("", 17)]
    broken = Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    feeds = {"x": -np.ones((1, 4), np.float16)}
    with pytest.raises(RunError, match="does not match expected type"):
        run(broken, feeds)
    (found,) = run(repair(broken).model, feeds).values()
    assert found.dtype == np.float16


def test_skipping_what_does_not_exist_says_what_does():
    with pytest.raises(NoSuchNameError, match="no ailment named 'ordr'; did you mean 'order'"):
        repair(healthy(), skip=["ordr"])


def test_a_finding_is_a_line_to_read():
    (finding,) = repair(damaged(add_input)).findings
    assert str(finding) == "inputs that nothing reads (1): taken out"


def test_every_ailment_is_registered():
    found = set()
    for file in pkgutil.iter_modules(onnxprobe.repair.__path__):
        module = importlib.import_module(f"onnxprobe.repair.{file.name}")
        found |= {thing.name for thing in vars(module).values() if isinstance(thing, Ailment)}
    assert found == set(AILMENTS)


def test_every_ailment_has_a_case():
    assert set(AILMENTS) == {*CASES, *ELSEWHERE, "node-names", "value-info", "functions"}


def test_every_ailment_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "mending.md").read_text()
    assert [name for name in AILMENTS if f"| `{name}` |" not in page] == []
