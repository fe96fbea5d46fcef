import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.contract import compare, kept
from onnxprobe.errors import NotOnnxError
from onnxprobe.graph.diff import diff, same
from onnxprobe.graph.disk import ranges
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save


def changed(model, change):
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    change(proto)
    return Model(proto)


def typed(numbers):
    return helper.make_tensor("w", TensorProto.INT64, [len(numbers)], numbers)


def raw(numbers):
    return numpy_helper.from_array(numpy_helper.to_array(typed(numbers)), "w")


def test_the_form_in_which_a_weight_is_written_is_no_difference():
    assert same(typed(range(600)), raw(range(600)))
    assert not same(typed(range(600)), raw(range(1, 601)))


def test_the_form_in_which_a_weight_lies_on_disk_is_no_difference(loaded_big, big_file, tmp_path):
    proto = onnx.load(big_file)
    for tensor in proto.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    onnx.save(proto, tmp_path / "raw.onnx")
    plain = load(tmp_path / "raw.onnx")
    for name in ("typed", "order"):
        assert same(loaded_big.tensors[name], plain.tensors[name])


def test_nothing_is_read_where_both_are_the_same_bytes_of_one_file(big_file, tmp_path, monkeypatch):
    proto = onnx.load(big_file)
    tensor = proto.graph.initializer[0]
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name))
    onnx.save(
        proto,
        tmp_path / "m.onnx",
        save_as_external_data=True,
        location="m.data",
        size_threshold=100,
    )
    model = load(tmp_path / "m.onnx")
    linked = load(save(model, tmp_path / "linked" / "m.onnx"))
    copied = load(save(model, tmp_path / "copied" / "m.onnx", outside="copy"))
    one, another = (other.tensors["typed"] for other in (linked, copied))
    assert same(model.tensors["typed"], another)

    def must_not(_):
        raise AssertionError("a weight was read")

    monkeypatch.setattr(ranges, "chunks", must_not)
    monkeypatch.setattr("onnxprobe.graph.diff.chunks", must_not)
    assert same(model.tensors["typed"], one)
    with pytest.raises(AssertionError, match="a weight was read"):
        same(model.tensors["typed"], another)


def test_one_bit_of_a_weight_on_disk_is_a_difference(loaded_big, big_file, tmp_path):
    data = bytearray(big_file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "bit.onnx").write_bytes(data)
    found = diff(loaded_big, load(tmp_path / "bit.onnx"))
    assert len(found.weights_changed + found.nodes_changed) == 1


def sparse(values):
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [info], [])
    graph.output.add(name="y")
    elements = helper.make_tensor("w", TensorProto.FLOAT, [2], values)
    places = helper.make_tensor("", TensorProto.INT64, [2], [0, 4])
    graph.sparse_initializer.append(helper.make_sparse_tensor(elements, places, [3, 2]))
    return Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))


def test_a_sparse_weight_is_named_and_not_read():
    with pytest.raises(NotOnnxError, match="the constant 'w' is sparse; only dense ones"):
        sparse([1, 2]).constant("w")


def test_a_sparse_weight_that_changed_breaks_the_contract():
    assert compare(sparse([1, 2]), sparse([1, 2])) == ()
    assert diff(sparse([1, 2]), sparse([1, 3])).weights_changed == ("w",)
    assert not kept(compare(sparse([1, 2]), sparse([1, 3])))


def calling(op):
    body = [helper.make_node(op, ["a"], ["b"])]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    block = helper.make_function("local", "Block", ["a"], ["b"], body, opsets[:1])
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Block", ["x"], ["y"], domain="local")], "g", ends[:1], ends[1:]
    )
    return Model(helper.make_model(graph, opset_imports=opsets, functions=[block]))


def test_a_local_function_that_changed_breaks_the_contract():
    assert diff(calling("Relu"), calling("Neg")).nodes_changed == ("local::Block",)
    assert not kept(compare(calling("Relu"), calling("Neg")))


def test_what_is_more_and_what_is_less_is_named(tiny):
    def other(proto):
        proto.graph.node[2].output[0] = proto.graph.node[3].input[1] = "door"
        proto.graph.initializer[0].name = proto.graph.node[0].input[1] = "w0"

    found = diff(tiny, changed(tiny, other))
    assert (found.nodes_added, found.nodes_removed) == (("door",), ("gate",))
    assert (found.weights_added, found.weights_removed) == (("w0",), ("w1",))
    assert (found.nodes_changed, found.weights_changed) == (("stem", "block"), ())
