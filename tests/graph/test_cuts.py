import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from random_graphs import graphs

from onnxprobe.errors import GraphError, NoSuchNameError, NotACutError
from onnxprobe.graph.cuts import cuts, nearest_cut
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.upstream import upstream
from onnxprobe.graph.split import split


def slow_cuts(model, outputs, sources):
    """The definition, said slowly: try every tensor.

    With it given, and the inputs that are not asked about, no source is needed any more; but it
    depends on one itself, and somebody reads it on the way to an output.
    """
    others = set(model.inputs) - set(sources)
    fed = [o for o in outputs if upstream(model, [o])[1] & set(sources)]
    for name in model.producers:
        parts = not upstream(model, fed, stop={name, *others})[1] & set(sources)
        rests = upstream(model, fed, stop=others)[1] if fed else set()
        carries = upstream(model, [name])[1] & set(sources) and name in rests
        read = any(set(node.writes) & rests for node in model.readers.get(name, ()))
        if parts and carries and read:
            yield name


@settings(max_examples=150, deadline=None)
@given(graphs(inputs=2, outputs=2))
def test_cuts_agree_with_trying_every_tensor(model):
    assert {c.tensor for c in cuts(model)} == set(slow_cuts(model, model.outputs, model.inputs))


@settings(max_examples=80, deadline=None)
@given(graphs(inputs=2, outputs=2), st.integers(0, 1))
def test_cuts_of_one_input_and_one_output_agree_too(model, place):
    source, output = model.inputs[place], model.outputs[-1]
    assert {c.tensor for c in cuts(model, output, source)} == set(
        slow_cuts(model, (output,), (source,))
    )


@settings(max_examples=80, deadline=None)
@given(graphs())
def test_a_model_splits_at_every_cut_and_nowhere_before_another(model):
    for cut in cuts(model):
        trunk, head = split(model, cut.tensor)
        assert trunk.outputs == head.inputs == (cut.tensor,)
        assert head.outputs == model.outputs


@settings(max_examples=80, deadline=None)
@given(graphs(inputs=2))
def test_a_cut_of_one_input_leaves_only_the_other_inputs(model):
    for cut in cuts(model, source="x0"):
        extract(model, inputs=(cut.tensor, "x1"), outputs=model.outputs)


@settings(max_examples=80, deadline=None)
@given(graphs(outputs=2))
def test_cuts_come_in_the_order_in_which_they_run(model):
    found = cuts(model)
    assert [c.node.index for c in found] == sorted(c.node.index for c in found)
    assert all(0 < c.depth <= 1 for c in found)


def test_a_tensor_inside_a_residual_branch_is_no_cut(tiny):
    assert [c.tensor for c in cuts(tiny)] == ["stem", "block", "pooled", "flat"]


def test_the_nearest_cut_is_the_next_one_that_sees_the_tensor(tiny):
    assert nearest_cut(tiny, ["gate"]) == "block"
    assert nearest_cut(tiny, ["scores"]) is None
    with pytest.raises(NotACutError, match="the nearest cut is 'block'"):
        extract(tiny, inputs=["gate"], outputs=["scores"])


def test_an_unknown_output_is_named_with_its_neighbours(tiny):
    with pytest.raises(NoSuchNameError, match="no tensor named 'score'; did you mean 'scores'"):
        cuts(tiny, "score")


def in_this_order(*nodes):
    made = [
        helper.make_node(op, reads, writes, name=f"/{writes[0]}") for op, reads, writes in nodes
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in ("x", "y")]
    return Model(helper.make_model(helper.make_graph(made, "g", ends[:1], ends[1:])))


def test_a_cycle_is_named_and_does_not_hang():
    model = in_this_order(("Add", ["x", "b"], ["a"]), ("Neg", ["a"], ["b"]), ("Neg", ["b"], ["y"]))
    with pytest.raises(GraphError, match="the graph has a cycle: Add '/a' reads 'b'"):
        cuts(model)


def test_a_node_that_reads_its_own_answer_is_a_cycle():
    model = in_this_order(("Add", ["x", "y"], ["y"]))
    with pytest.raises(GraphError, match="the graph has a cycle: Add '/y' reads 'y'"):
        cuts(model)


def test_nodes_out_of_order_are_named():
    model = in_this_order(("Neg", ["a"], ["y"]), ("Neg", ["x"], ["a"]))
    with pytest.raises(
        GraphError, match=r"Neg '/y' reads 'a' before Neg '/a' writes it.*: onnxprobe repair"
    ):
        cuts(model)


def test_a_tensor_written_twice_is_named():
    model = in_this_order(("Neg", ["x"], ["y"]), ("Abs", ["x"], ["y"]))
    with pytest.raises(GraphError, match="'y' is written by Neg '/y' and by Abs '/y'"):
        cuts(model)


def test_an_input_that_a_node_writes_too_is_no_cut_of_that_node():
    model = in_this_order(("Neg", ["y"], ["x"]), ("Abs", ["x"], ["z"]), ("Neg", ["z"], ["y"]))
    with pytest.raises(GraphError):
        cuts(model)
    model = in_this_order(("Neg", ["k"], ["x"]), ("Abs", ["x"], ["z"]), ("Neg", ["z"], ["y"]))
    assert [cut.tensor for cut in cuts(model)] == ["z"]
