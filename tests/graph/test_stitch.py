import cProfile

import numpy as np
import onnx
import onnx_ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.errors import NoSuchNameError, NotACutError, StitchError, VersionError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.expose import expose
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.graph.names import Names
from onnxprobe.graph.split import split
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.graph.value import Value
from onnxprobe.runtime import run

CUTS = ["stem", "block", "pooled", "flat", "scores"]


def as_sets(model):
    """A model with everything whose order means nothing put in order."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    for things in (proto.graph.node, proto.graph.initializer, proto.graph.value_info):
        ordered = sorted(things, key=lambda thing: thing.SerializeToString(deterministic=True))
        del things[:]
        things.extend(ordered)
    return proto


def bytes_of(model):
    return model.proto.SerializeToString(deterministic=True)


@pytest.mark.parametrize("at", CUTS)
@pytest.mark.parametrize("ir_version", [3, 8])
def test_split_then_stitch_is_the_model_again(at, ir_version):
    model = tiny_model(ir_version=ir_version, opset=9 if ir_version == 3 else 17)
    assert as_sets(stitch(*split(model, at))) == as_sets(model)


def test_split_then_stitch_is_the_model_again_when_weights_lie_on_disk(loaded_big):
    for cut in ("wide", "shuffled"):
        assert as_sets(stitch(*split(loaded_big, cut))) == as_sets(loaded_big)


@st.composite
def graphs(draw):
    """Random single-input graphs: dead ends, constants, several outputs."""
    names, nodes = ["x"], []
    for i in range(draw(st.integers(1, 7))):
        if draw(st.integers(0, 5)) == 0:
            nodes.append(helper.make_node("Constant", [], [f"t{i}"], value_float=1.0))
        else:
            reads = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
            nodes.append(helper.make_node("Sum", reads, [f"t{i}"]))
        names.append(f"t{i}")
    outputs = draw(st.lists(st.sampled_from(names[1:]), min_size=1, max_size=2, unique=True))
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, []) for n in ("x", *outputs)]
    graph = helper.make_graph(nodes, "random", info[:1], info[1:])
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_cut_of_a_random_graph_can_be_split_and_stitched(model):
    live = extract(model, model.inputs, model.outputs)
    for cut in cuts(live):
        assert as_sets(stitch(*split(live, cut.tensor))) == as_sets(live)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_extract_is_idempotent_and_leaves_its_input_alone(model):
    before = bytes_of(model)
    once = extract(model, model.inputs, model.outputs)
    assert bytes_of(extract(once, once.inputs, once.outputs)) == bytes_of(once)
    assert bytes_of(model) == before


def test_no_operation_changes_its_input(tiny):
    before = bytes_of(tiny)
    stitch(*split(tiny, "block"))
    expose(tiny, ["block"])
    assert bytes_of(tiny) == before


def test_the_halves_compute_what_the_whole_did(tiny, images):
    halves = split(tiny, "block")
    middle = run(halves.trunk, {"image": images})
    np.testing.assert_array_equal(
        run(halves.head, middle)["scores"], run(tiny, {"image": images})["scores"]
    )


def test_a_head_on_an_output_leaves_that_output_in_place(tiny, images):
    fused = stitch(tiny, Graft(head_on("scores", 5), {"x": "scores"}))
    assert fused.outputs == ("scores", "y")
    np.testing.assert_array_equal(
        run(fused, {"image": images})["scores"], run(tiny, {"image": images})["scores"]
    )


def head_on(name, width, opset=17, op="Neg"):
    build = Builder(opset)
    build.op(op, "x", out="y")
    return build.model(
        name,
        [Value("x", "float32", ("N", width))],
        [Value("y", "float32", ("N", width))],
        ir_version=8,
    )


def test_what_a_head_brings_comes_last_and_nothing_else_changes(tiny):
    fused = stitch(tiny, Graft(head_on("flat", 4), {"x": "flat"}, prefix="one/"))
    old, new = tiny.proto, fused.proto
    assert list(new.graph.node)[: len(old.graph.node)] == list(old.graph.node)
    assert list(new.graph.initializer)[: len(old.graph.initializer)] == list(old.graph.initializer)
    assert list(new.graph.output)[:1] == list(old.graph.output)
    assert (list(new.graph.input), list(new.metadata_props), list(new.opset_import)) == (
        list(old.graph.input),
        list(old.metadata_props),
        list(old.opset_import),
    )


def test_weights_do_not_become_inputs_of_an_old_file():
    model = tiny_model(opset=9, ir_version=3)
    build = Builder(9)
    build.op("Add", "x", build.number(1), out="y")
    ends = [Value(n, "float32", ("N", 4)) for n in ("x", "y")]
    head = build.model("plus", ends[:1], ends[1:], ir_version=3)
    fused = stitch(model, Graft(head, {"x": "flat"}, prefix="plus/"))
    assert list(fused.proto.graph.input) == list(model.proto.graph.input)
    onnx.checker.check_model(fused.proto)
    feeds = {"image": np.ones((2, 3, 8, 8), np.float32)}
    assert run(fused, feeds)["y"].shape == (2, 4)


def test_the_same_name_twice_is_refused(tiny):
    one = Graft(head_on("flat", 4), {"x": "flat"})
    with pytest.raises(StitchError, match="returns 'y', a name the backbone has already"):
        stitch(stitch(tiny, one), one)


def test_a_prefix_makes_room_for_a_second_head(tiny):
    one = Graft(head_on("flat", 4), {"x": "flat"})
    both = stitch(tiny, one, Graft(one.head, one.at, prefix="two/"))
    assert both.outputs == ("scores", "y", "two/y")


@pytest.mark.parametrize("at", ["branch", "gate"])
def test_split_inside_a_residual_block_names_what_is_missing(tiny, at):
    with pytest.raises(
        NotACutError,
        match=f"'scores' cannot be computed from '{at}' alone: it also needs the model input "
        "'image'; the nearest cut is 'block'",
    ):
        split(tiny, at)


def test_unknown_tensor_suggests_a_near_name(tiny):
    with pytest.raises(NoSuchNameError, match="no tensor named 'blok'; did you mean 'block'"):
        extract(tiny, ["image"], ["blok"])


def test_a_shape_that_cannot_fit_is_refused_with_both_sides(tiny):
    with pytest.raises(
        StitchError,
        match=r"the backbone gives flat float32\[N×4\] but the head wants x float32\[N×7\]",
    ):
        stitch(tiny, Graft(head_on("flat", 7), {"x": "flat"}))


def test_an_operator_that_the_backbone_does_not_have_is_refused_by_name(tiny):
    with pytest.raises(
        VersionError, match="the head needs Gelu as opset 20 has it, but the backbone is opset 17"
    ):
        stitch(tiny, Graft(head_on("flat", 4, opset=20, op="Gelu"), {"x": "flat"}))


def test_an_operator_whose_form_changed_is_written_in_the_form_of_the_backbone(images):
    build = Builder(13)
    build.reduce("ReduceMean", "x", [1], keepdims=1, out="y")
    ends = [Value("x", "float32", ("N", 4)), Value("y", "float32", ("N", 1))]
    head = build.model("mean", ends[:1], ends[1:], ir_version=8)
    fused = [stitch(tiny_model(opset=opset), Graft(head, {"x": "flat"})) for opset in (13, 18)]
    assert [len(model.nodes[-1].inputs) for model in fused] == [1, 2]
    old, new = (run(model, {"image": images})["y"] for model in fused)
    np.testing.assert_allclose(old, new, rtol=1e-6)


def test_a_constant_that_an_old_backbone_has_no_form_for_is_refused_in_words():
    """Below IR version 4 weights become nodes, and those of opset 8 hold floats: 53 bits."""
    build = Builder(8)
    number = build.constant(np.array((1 << 60) + 1))
    build.op("Add", build.op("Cast", "x", to=TensorProto.INT64), number, out="y")
    ends = [Value("x", "float32", ("N", 4)), Value("y", "int64", ("N", 4))]
    head = build.model("adds", ends[:1], ends[1:], ir_version=8)
    with pytest.raises(VersionError, match="the backbone is opset 8, which has no such constants"):
        stitch(tiny_model(opset=8, ir_version=3), Graft(head, {"x": "flat"}))


def test_a_tensor_read_only_inside_an_if_is_still_needed():
    def body(op):
        out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
        return helper.make_graph([helper.make_node(op, ["y"], ["z"])], op, [], out)

    branch = helper.make_node(
        "If", ["flag"], ["out"], then_branch=body("Neg"), else_branch=body("Abs")
    )
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"]), branch],
        "branchy",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("flag", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
    )
    model = Model(helper.make_model(graph))
    assert model.nodes[1].captures == ("y",)
    assert [n.op for n in extract(model, ["x", "flag"], ["out"]).nodes] == ["Relu", "If"]
    fused = stitch(model, Graft(model, {"x": "y"}, prefix="again/"))
    inner = fused.proto.graph.node[3].attribute[0].g.node[0]
    assert inner.input[0] == "again/y"


@pytest.mark.parametrize("at", CUTS[:-1])
def test_extract_keeps_the_nodes_onnx_ir_keeps(tiny, at):
    """Oracle: an independent implementation must choose the same nodes."""
    other = onnx_ir.convenience.extract(onnx_ir.from_proto(tiny.proto).graph, ["image"], [at])
    ours = extract(tiny, ["image"], [at])
    assert [n.outputs for n in ours.nodes] == [tuple(v.name for v in n.outputs) for n in other]


def afresh(model):
    """What inference says of a model when nothing is known of what it was made of."""
    return dict(Model(model.proto, model.known).values)


@pytest.mark.parametrize("at", CUTS)
@pytest.mark.parametrize("batch", ["N", 3, None])
def test_what_is_known_of_the_parts_is_what_would_be_inferred_of_the_whole(at, batch):
    model = tiny_model(batch=batch)
    halves = split(model, at)
    whole = stitch(*halves)
    assert dict(whole.values) == afresh(whole)
    shown = expose(whole, ["stem"])
    assert dict(shown.values) == afresh(shown)
    twice = stitch(whole, Graft(halves.head, prefix="again/"))
    assert dict(twice.values) == afresh(twice)


@settings(deadline=None)
@given(graphs())
def test_so_it_is_in_random_graphs(model):
    for cut in cuts(model):
        whole = stitch(*split(model, cut.tensor))
        assert dict(whole.values) == afresh(whole)


def chain(length):
    build, x = Builder(17), "x"
    for i in range(length):
        x = build.op("Neg", x, out=f"n{i}")
    ends = [Value(name, "float32", ("N", 4)) for name in ("x", x)]
    return build.model("chain", ends[:1], ends[1:], ir_version=8)


def test_heads_on_a_large_trunk_take_little_more_than_on_a_small_one():
    """Each looks at itself, not at the whole trunk again: calls are counted, not seconds."""

    def calls(trunk):
        assert trunk.values
        assert trunk.used
        grafts = [Graft(head_on(f"h{i}", 4), {"x": f"n{i}"}, prefix=f"h{i}/") for i in range(8)]
        counted = cProfile.Profile()
        counted.runcall(stitch, trunk, *grafts)
        return sum(entry.callcount for entry in counted.getstats())

    assert calls(chain(2000)) < 2 * calls(chain(20))


def test_the_names_of_what_is_stitched_are_those_that_are_in_it():
    trunk = chain(3)
    for outputs in (None, ["n2"]):
        first = stitch(trunk, Graft(head_on("h", 4), {"x": "n1"}, prefix="h/"), outputs=outputs)
        second = Graft(head_on("i", 4), {"x": "n0"}, prefix="i/")
        for model in (first, stitch(expose(first, ["n1"]), second)):
            noted, there = model.used, Names.of(model.proto.graph)
            assert (noted.tensors, noted.nodes) == (there.tensors, there.nodes)
            assert (noted.written, noted.weights) == (there.written, there.weights)
    assert trunk.used.tensors == {"x", "n0", "n1", "n2"}


def with_trees(version, **attributes):
    """A head of one tree, in one version of ai.onnx.ml."""
    said = {
        "n_targets": 1,
        "nodes_treeids": [0],
        "nodes_nodeids": [0],
        "nodes_featureids": [0],
        "nodes_modes": ["LEAF"],
        "nodes_values": [0.0],
        "nodes_truenodeids": [0],
        "nodes_falsenodeids": [0],
        "target_treeids": [0],
        "target_nodeids": [0],
        "target_ids": [0],
        "target_weights": [2.0],
        **attributes,
    }
    node = helper.make_node("TreeEnsembleRegressor", ["pooled"], ["y"], domain="ai.onnx.ml", **said)
    ends = [helper.make_tensor_value_info(n, 1, ["N", w]) for n, w in (("pooled", 4), ("y", 1))]
    graph = helper.make_graph([node], "trees", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def flat_trunk():
    nodes = [helper.make_node("Relu", ["x"], ["pooled"])]
    ends = [helper.make_tensor_value_info(n, 1, ["N", 4]) for n in ("x", "pooled")]
    graph = helper.make_graph(nodes, "trunk", ends[:1], ends[1:])
    return Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )


@pytest.mark.parametrize("versions", [(1, 3), (3, 1), (2, 3)])
def test_heads_of_several_versions_of_ai_onnx_ml_are_joined_where_they_mean_the_same(versions):
    grafts = [Graft(with_trees(v), prefix=f"{i}/") for i, v in enumerate(versions)]
    joined = stitch(flat_trunk(), *grafts, outputs=("pooled", "y", "1/y"))
    imports = {o.domain: o.version for o in joined.proto.opset_import}
    assert imports["ai.onnx.ml"] == versions[0]
    answers = run(joined, {"x": np.ones((2, 4), np.float32)})
    assert answers["y"].tolist() == answers["1/y"].tolist() == [[2.0], [2.0]]


@pytest.mark.parametrize(
    ("versions", "said"),
    [((5, 3), {}), ((1, 3), {"nodes_values_as_tensor": onnx.TensorProto(data_type=11, dims=[1])})],
)
def test_a_version_of_ai_onnx_ml_that_has_no_such_form_is_refused(versions, said):
    trunk = stitch(flat_trunk(), Graft(with_trees(versions[0]), prefix="a/"))
    with pytest.raises(
        StitchError, match=rf"uses ai.onnx.ml 3, the backbone ai.onnx.ml {versions[0]}"
    ):
        stitch(trunk, Graft(with_trees(3, **said), prefix="b/"), outputs=("b/y",))
