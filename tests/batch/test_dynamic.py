import subprocess
import sys

import numpy as np
import onnx
import pytest
from batch_cases import floats, ints, model, node, together_is_alone
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.batch import baked, diagnose, dynamic
from onnxprobe.errors import BatchError, GraphError
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.runtime import run


def changed(old, change):
    proto = onnx.ModelProto()
    proto.CopyFrom(old.proto)
    change(proto)
    return Model(proto)


def flat(batch=1, written=(1, 12), opset=17):
    """x [batch, 4, 3] -> Reshape -> Relu, everything declared with the batch."""
    old = model(
        [node("Reshape", "x", "to", out="rows"), node("Relu", "rows")],
        (batch, 4, 3),
        {"to": ints(*written)},
        opset=opset,
    )

    def declare(proto):
        size = batch if isinstance(batch, int) else 1
        proto.graph.output[0].CopyFrom(Value("relu", "float32", (size, 12)).info())
        proto.graph.value_info.append(Value("rows", "float32", (size, 12)).info())

    return changed(old, declare)


def test_every_declaration_gets_the_same_symbol():
    new = dynamic(flat())
    infos = (*new.proto.graph.input, *new.proto.graph.output, *new.proto.graph.value_info)
    assert [str(Value.of(info)) for info in infos] == [
        "x float32[N×4×3]", "relu float32[N×12]", "rows float32[N×12]",
    ]  # fmt: skip
    onnx.checker.check_model(new.proto, full_check=True)


def test_nothing_else_changes():
    old = flat()
    new = dynamic(old)
    assert [n.op for n in new.nodes] == ["Reshape", "Relu"]
    assert list(new.proto.graph.node) == list(old.proto.graph.node)
    assert new.constant("to").tolist() == [0, 12]
    rest = [field for field, _ in new.proto.ListFields() if field.name != "graph"]
    assert all(getattr(new.proto, f.name) == getattr(old.proto, f.name) for f in rest)


def test_the_model_is_left_alone():
    old = flat()
    before = old.proto.SerializeToString(deterministic=True)
    dynamic(old)
    assert old.proto.SerializeToString(deterministic=True) == before


def test_an_output_that_nothing_writes_is_refused():
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.graph.output[0].name = "ghost"
    with pytest.raises(GraphError, match="the output 'ghost' is written by nothing"):
        dynamic(Model(proto))


def test_dynamic_is_idempotent():
    once = dynamic(flat())
    assert dynamic(once).proto == once.proto
    assert baked(once) == ()


def test_a_batch_that_is_declared_open_but_written_into_a_node_keeps_its_symbol():
    old = flat("pictures")
    diagnosis = diagnose(old)
    assert (diagnosis.batch, diagnosis.declared, len(diagnosis.baked)) == (1, False, 1)
    new = dynamic(old)
    assert new.values["x"].shape == ("pictures", 4, 3)
    assert new.values["relu"].shape == ("pictures", 12)
    assert run(new, {"x": floats(3, 4, 3)})["relu"].shape == (3, 12)


def test_a_symbol_that_means_another_size_is_not_taken():
    def declare(proto):
        proto.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "N"

    assert dynamic(changed(flat(written=(1, -1)), declare)).values["x"].shape == ("batch", "N", 3)


def test_several_rows_a_picture_are_declared_as_such():
    old = model([node("Reshape", "x", "to", out="rows")], (1, 4, 3), {"to": ints(-1, 3)})

    def declare(proto):
        proto.graph.output[0].CopyFrom(Value("rows", "float32", (4, 3)).info())

    assert (
        dynamic(changed(old, declare)).proto.graph.output[0].type.tensor_type.shape.dim[0].dim_param
        == "4*N"
    )


def test_a_shape_that_two_nodes_read_is_mended_for_the_one_that_needs_it():
    old = model(
        [
            node("Reshape", "x", "to", out="rows"),
            node("Reshape", "table", "to", out="fixed"),
            node("Add", "rows", "fixed"),
        ],
        (1, 4, 3),
        {"to": ints(1, 12), "table": floats(4, 3)},
    )
    new = dynamic(old)
    assert new.constant("to").tolist() == [1, 12]
    assert new.constant(new.nodes[1].inputs[1]).tolist() == [0, 12]
    assert together_is_alone(old).baked


def test_a_shape_that_is_returned_too_is_left_as_it_is():
    def also(proto):
        proto.graph.output.append(Value("to", "int64", (2,)).info())

    new = dynamic(changed(flat(), also))
    assert new.constant("to").tolist() == [1, 12]


def test_a_shape_in_a_constant_node_is_mended():
    old = flat()

    def as_node(proto):
        tensor = proto.graph.initializer.pop()
        proto.graph.node.insert(0, helper.make_node("Constant", [], ["to"], value=tensor))

    together_is_alone(changed(old, as_node))


@pytest.mark.parametrize(("opset", "ir_version"), [(9, 3), (11, 6), (13, 7), (17, 8), (21, 10)])
def test_a_small_network_of_any_opset_is_mended(opset, ir_version, images):
    old = tiny_model(opset, ir_version, batch=1)
    new = dynamic(old)
    onnx.checker.check_model(new.proto, full_check=True)
    at_once = run(new, {"image": images})["scores"]
    alone = [run(old, {"image": images[i : i + 1]})["scores"] for i in range(5)]
    np.testing.assert_allclose(at_once, np.concatenate(alone), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("opset", [9, 12])
def test_old_forms_with_attributes_are_followed(opset):
    nodes = [
        node("Unsqueeze", "x", out="a", axes=[0]),
        node("Squeeze", "a", out="b", axes=[0]),
        node("ReduceSum", "b", out="c", axes=[2], keepdims=1),
    ]
    if opset == 9:
        nodes.append(node("Slice", "c", out="d", starts=[0], ends=[2], axes=[1]))
        nodes.append(node("Pad", "d", out="e", pads=[0, 1, 0, 0, 0, 0]))
        nodes.append(node("Upsample", "e", "f", out="g"))
    scales = {"f": np.array([1, 2, 1], np.float32)} if opset == 9 else {}
    old = model(nodes, (1, 4, 3), scales, opset=opset)
    assert together_is_alone(old).baked == ()


def test_a_squeeze_of_an_old_opset_gets_its_axes_as_an_attribute():
    old = model([node("Squeeze", "x")], (2, 3, 1), opset=11)
    (place,) = together_is_alone(old).baked
    assert place.becomes == "axes [2]"


def test_an_input_that_is_the_same_for_all_pictures_stays_as_it_is():
    old = model([node("Mul", "x", "scale")], (1, 3))

    def feed(proto):
        proto.graph.input.append(helper.make_tensor_value_info("scale", TensorProto.FLOAT, [3]))

    new = dynamic(changed(old, feed))
    assert new.values["scale"].shape == (3,)


def test_an_output_that_is_the_same_for_all_pictures_stays_as_it_is():
    old = model(
        [node("Relu", "x"), node("Neg", "c", out="y")], (1, 3), {"c": floats(4)}, output="y"
    )

    def both(proto):
        proto.graph.output[0].CopyFrom(Value("y", "float32", (4,)).info())

    assert dynamic(changed(old, both)).values["y"].shape == (4,)


def test_what_mixes_pictures_but_leads_nowhere_is_no_obstacle():
    nodes = [node("ReduceMean", "x", out="lost", axes=[0]), node("Relu", "x")]
    assert together_is_alone(model(nodes, (1, 3))).baked == ()


def test_an_output_that_counts_the_pictures_is_refused():
    old = model([node("Shape", "x", out="s"), node("Cast", "s", to=1)], (1, 3))
    with pytest.raises(BatchError, match="the output 'cast' computes with how many pictures"):
        dynamic(old)


def test_the_names_that_are_added_are_free():
    nodes = [node("Concat", "batch/pictures", "x", axis=1)]
    old = model(nodes, (1, 4, 3), {"batch/pictures": floats(1, 1, 3)})
    assert together_is_alone(old).baked


def test_baked_names_what_it_can_where_pictures_mix_later():
    nodes = [node("Reshape", "x", "to", out="rows"), node("ReduceMean", "rows", axes=[0])]
    found = baked(model(nodes, (1, 4, 3), {"to": ints(1, 12)}))
    assert [str(place) for place in found] == [
        "Reshape 'rows' writes batch 1 into its shape [1, 12]"
    ]


def test_other_open_sizes_stay_open():
    old = model([node("Reshape", "x", "to", out="rows")], (1, "length", 3), {"to": ints(1, -1, 3)})
    (place,) = together_is_alone(old).baked
    assert place.becomes == "shape [0, -1, 3]"
    assert dynamic(old).values["x"].shape == ("N", "length", 3)


def test_a_rest_that_follows_another_open_size_stays_a_rest():
    nodes = [node("Transpose", "x", out="t", perm=[1, 0, 2]), node("Reshape", "t", "to", out="y")]
    old = model(nodes, (1, "length", 6), {"to": ints(-1, 2, 3)})
    (place,) = together_is_alone(old).baked
    assert place.becomes == "shape [-1, batch, 3]"


def test_what_is_too_large_to_look_at_is_not_computed():
    nodes = [node("ConstantOfShape", "s", out="lost"), node("Relu", "x")]
    assert baked(model(nodes, (1, 3), {"s": ints(1, 10**6, 10**6)})) == ()


def test_a_shape_that_follows_another_open_size_is_not_frozen():
    nodes = [
        node("Shape", "x", out="s"), node("Gather", "s", "second", out="n"),
        node("Concat", "one", "n", "rest", out="to", axis=0), node("Reshape", "x", "to", out="rows"),
    ]  # fmt: skip
    constants = {"second": ints(1), "one": ints(1), "rest": ints(3)}
    with pytest.raises(BatchError, match=r"is given a shape with batch 1 in it, \[1, 64, 3\]"):
        dynamic(model(nodes, (1, "length", 3), constants))


def test_a_model_without_pictures_says_so():
    old = model([node("Add", "x", "c")], (), {"c": np.float32(1)})
    with pytest.raises(BatchError, match="reads nothing whose first size could be a batch"):
        baked(old)


def test_unsorted_nodes_are_refused():
    old = changed(flat(), lambda proto: proto.graph.node.reverse())
    with pytest.raises(GraphError, match="reads 'rows' before"):
        baked(old)


def test_looking_needs_no_runtime(tmp_path):
    path = tmp_path / "flat.onnx"
    path.write_bytes(flat().proto.SerializeToString())
    code = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from onnxprobe.batch import baked; from onnxprobe.graph.load import load\n"
        f"print(*baked(load({str(path)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Reshape 'rows' writes batch 1 into its shape [1, 12]\n"


def torch_expand():
    """A class token repeated as torch writes it: inference loses the shape of all that follows."""
    whole, ones = ints(-1), helper.make_tensor("one", TensorProto.INT64, [1], [1])
    return model(
        [
            node("Shape", "x", out="size"),
            node("Gather", "size", "first", out="count", axis=0),
            node("Concat", "count", "whole", "whole", out="asked", axis=0),
            node("Equal", "asked", "wholes", out="is_whole"),
            node("ConstantOfShape", "three", out="ones", value=ones),
            node("Where", "is_whole", "ones", "asked", out="sizes"),
            node("Expand", "token", "sizes", out="tokens"),
            node("Concat", "tokens", "x", out="all", axis=1),
            node("Shape", "all", out="size_of_all"),
            node("Reshape", "all", "size_of_all", out="again"),
            node("Reshape", "again", "to", out="rows"),
        ],
        (1, 4, 3),
        {
            "first": ints(0),
            "whole": whole,
            "wholes": ints(-1, -1, -1),
            "three": ints(3),
            "token": floats(1, 1, 3),
            "to": ints(1, 15),
        },
    )


def test_shapes_that_inference_of_the_whole_graph_loses_are_worked_out_on_the_way():
    assert None in torch_expand().values["all"].shape
    (place,) = together_is_alone(torch_expand()).baked
    assert str(place) == "Reshape 'rows' writes batch 1 into its shape [1, 15]"


def token(rows, *, expanded=False):
    """Four pictures of five rows, each behind a token that is written four times."""
    if expanded:
        rows, made = rows[:1], [node("Expand", "token", "to", out="tokens")]
    else:
        made = [node("Identity", "x", out="unread")]
    return model(
        [*made, node("Concat", "tokens" if expanded else "token", "x", out="y", axis=1)],
        (4, 5, 3),
        {"token": rows, "to": ints(4, 1, 3)},
    )


@pytest.mark.parametrize("expanded", [False, True])
def test_what_says_the_same_of_each_picture_of_a_batch_is_repeated_for_any(expanded):
    (place,) = together_is_alone(token(np.repeat(floats(1, 1, 3), 4, 0), expanded=expanded)).baked
    assert str(place).endswith("[4, 1, 3], the same for each of 4 pictures")


def test_what_says_the_same_of_each_picture_may_have_several_rows():
    windows = model(
        [node("Reshape", "x", "to", out="windows"), node("Add", "windows", "mask", out="y")],
        (4, 2, 3),
        {"to": ints(-1, 3), "mask": np.tile(floats(2, 3), (4, 1))},
    )
    (place,) = together_is_alone(windows).baked
    assert str(place) == "Add 'y' reads 'mask' [8, 3], the same for each of 4 pictures"


def test_what_says_something_else_of_each_picture_is_refused():
    with pytest.raises(BatchError, match="reads 'token', which has 4 rows where the pictures lie"):
        dynamic(token(floats(4, 1, 3)))


def test_a_shape_that_is_computed_tells_which_axis_of_size_1_the_pictures_go_to():
    """Positions before the batch, heads beside it, as in torch's MultiheadAttention."""
    turned = model(
        [
            node("Transpose", "x", out="turned", perm=[1, 0, 2]),
            node("Shape", "turned", out="size"),
            node("Gather", "size", "second", out="count", axis=0),
            node("Mul", "count", "four", out="heads"),
            node("Concat", "one", "heads", "three", out="to", axis=0),
            node("Reshape", "turned", "to", out="apart"),
            node("Transpose", "apart", out="y", perm=[1, 0, 2]),
        ],
        ("N", 1, 12),
        {"second": ints(1), "four": ints(4), "one": ints(1), "three": ints(3)},
    )
    assert not together_is_alone(turned).baked
