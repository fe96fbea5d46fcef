"""What libraries drop of rare things, and what comes back all the same."""

import importlib

import numpy as np
import onnx
import pytest
from interop_models import bytes_of
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import InteropError
from onnxprobe.graph.disk import weights, wire
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.runtime import run

pytestmark = pytest.mark.real
PACKAGES = {"graphsurgeon": "onnx_graphsurgeon", "onnx_ir": "onnx_ir", "sclblonnx": "onnx"}


def ours(name):
    pytest.importorskip(PACKAGES[name])
    return importlib.import_module(f"onnxprobe.interop.{name}")


@pytest.fixture(params=PACKAGES)
def library(request):
    return ours(request.param)


@pytest.fixture(params=["graphsurgeon", "onnx_ir"])
def rewriting(request):
    """The libraries that have a graph of their own."""
    return ours(request.param)


def value(name, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, ["N", 4])


X, Y = value("x"), value("y")
ONES = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")


def model(nodes, outputs=(Y,), constants=(), functions=()):
    """A model from ``x`` to ``y`` that may call what is in the domain ``my``."""
    graph = helper.make_graph(nodes, "g", [X], outputs, constants)
    imports = [helper.make_opsetid("", 21), helper.make_opsetid("my", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10, functions=functions)


def function(op, *, overload=""):
    """``my.F``, described in all ways; ``op`` of its two inputs."""
    nodes = [helper.make_node(op, ["a", "b"], ["o"], doc_string="in a function")]
    made = helper.make_function("my", "F", ["a", "b"], ["o"], nodes, [helper.make_opsetid("", 21)])
    made.doc_string, made.overload = "what F does", overload
    made.metadata_props.add(key="of", value=op)
    made.value_info.extend([value("o"), value(f"nobody has, in {op}")])
    return made


def two_functions_of_one_name():
    nodes = [helper.make_node("F", [i, "x"], [o], domain="my") for i, o in ("xm", "my")]
    nodes[1].overload = "add"
    return model(nodes, functions=[function("Mul"), function("Add", overload="add")])


def in_a_branch():
    """An If whose branch is described, and holds a weight that nobody reads."""
    node = helper.make_node("MatMul", ["x", "w"], ["then"], doc_string="in a branch")
    node.metadata_props.add(key="layer", value="1")
    then = helper.make_graph([node], "then", [], [value("then")], [ONES], doc_string="a branch")
    then.output[0].doc_string = "its answer"
    then.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "unread"))
    same = helper.make_node("Identity", ["x"], ["else"])
    other = helper.make_graph([same], "else", [], [value("else")])
    yes = helper.make_node(
        "Constant", [], ["yes"], value=numpy_helper.from_array(np.ones((), bool))
    )
    return model([yes, helper.make_node("If", ["yes"], ["y"], then_branch=then, else_branch=other)])


def declares_what_nobody_has():
    made = model([helper.make_node("Relu", ["x"], ["y"])])
    made.graph.value_info.append(value("ghost"))
    return made


def one_output_twice():
    return model([helper.make_node("Relu", ["x"], ["y"])], outputs=(Y, Y))


def two_weights_of_one_name():
    other = numpy_helper.from_array(np.zeros((4, 4), np.float32), "w")
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], constants=[ONES, other])


def of_a_later_onnx():
    """A field that this version of ONNX does not know."""
    data = model([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString()
    return onnx.ModelProto.FromString(data + b"\xa2\x06\x03abc")


ODD = (
    two_functions_of_one_name,
    in_a_branch,
    declares_what_nobody_has,
    one_output_twice,
    two_weights_of_one_name,
    of_a_later_onnx,
)


@pytest.mark.parametrize("made", ODD, ids=lambda made: made.__name__)
def test_there_and_back_is_the_same_to_the_byte(library, made):
    origin = Model(made())
    assert bytes_of(library.from_graph(library.to_graph(origin))) == bytes_of(origin)


def first_node(graph, name):
    """Return an If's branch, or a function, as its library has it."""
    if hasattr(graph, "graph"):
        return graph.graph[1].attributes[name].value[0]
    return graph.nodes[1].attrs[name].nodes[0]


def test_what_is_not_changed_in_a_branch_comes_back(rewriting):
    origin = Model(in_a_branch())
    graph = rewriting.to_graph(origin)
    node = first_node(graph, "then_branch")
    setattr(node, "op" if hasattr(node, "op") else "op_type", "Gemm")
    expected = onnx.ModelProto()
    expected.CopyFrom(origin.proto)
    branch = next(a for a in expected.graph.node[1].attribute if a.name == "then_branch")
    branch.g.node[0].op_type = "Gemm"
    assert bytes_of(rewriting.from_graph(graph)) == bytes_of(Model(expected))


def test_what_is_not_changed_in_a_function_comes_back(rewriting):
    origin = Model(two_functions_of_one_name())
    graph = rewriting.to_graph(origin)
    functions = graph.functions
    made = functions[0] if isinstance(functions, list) else next(iter(functions.values()))
    node = made.nodes[0] if isinstance(functions, list) else made[0]
    setattr(node, "op" if hasattr(node, "op") else "op_type", "Sub")
    expected = onnx.ModelProto()
    expected.CopyFrom(origin.proto)
    expected.functions[0].node[0].op_type = "Sub"
    assert bytes_of(rewriting.from_graph(graph)) == bytes_of(Model(expected))


def test_a_function_that_is_taken_out_leaves_the_other_of_its_name_as_it_is():
    library, origin = ours("onnx_ir"), Model(two_functions_of_one_name())
    graph = library.to_graph(origin)
    del graph.functions["my", "F", ""]
    expected = onnx.ModelProto()
    expected.CopyFrom(origin.proto)
    del expected.functions[0]
    assert bytes_of(library.from_graph(graph)) == bytes_of(Model(expected))


def test_what_has_another_name_keeps_what_is_said_of_it(rewriting):
    origin = Model(model([helper.make_node("Relu", ["x"], ["y"], doc_string="the last")]))
    origin.proto.graph.output[0].doc_string = "its scores"
    graph = rewriting.to_graph(origin)
    getattr(graph, "graph", graph).outputs[0].name = "logits"
    new = rewriting.from_graph(graph)
    assert new.outputs == new.nodes[0].outputs == ("logits",)
    assert new.nodes[0].proto.doc_string == "the last"
    assert new.proto.graph.output[0].doc_string == "its scores"


def test_what_stands_where_another_was_is_not_described_as_that():
    gs = pytest.importorskip("onnx_graphsurgeon")
    library = ours("graphsurgeon")
    nodes = [helper.make_node("Relu", ["x"], ["m"], doc_string="cuts off what is below zero")]
    graph = library.to_graph(Model(model([*nodes, helper.make_node("Neg", ["m"], ["y"])])))
    last = graph.nodes[1]
    between = gs.Variable("s", np.float32, ("N", 4))
    last.inputs[0] = between
    graph.nodes[0] = gs.Node("Sigmoid", inputs=graph.inputs, outputs=[between])
    assert [(n.op, n.proto.doc_string) for n in library.from_graph(graph).nodes] == [
        ("Sigmoid", ""),
        ("Neg", ""),
    ]


def test_a_weight_keeps_what_is_said_of_it(tmp_path):
    """sclblonnx has it in memory, where it was on disk."""
    library = ours("sclblonnx")
    long = numpy_helper.from_array(np.ones((4, 400), np.float32), "w")
    long.doc_string = "a weight"
    path = tmp_path / "m.onnx"
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], constants=[long])
    path.write_bytes(made.SerializeToString(deterministic=True))
    graph = library.to_graph(load(path))
    assert graph.initializer[0].HasField("raw_data")
    assert bytes_of(library.from_graph(graph)) == path.read_bytes()


def test_what_only_a_later_onnx_knows_comes_back_although_something_was_changed(rewriting):
    graph = rewriting.to_graph(Model(of_a_later_onnx()))
    getattr(graph, "graph", graph).name = "another"
    new = rewriting.from_graph(graph).proto
    assert new.graph.name == "another"
    assert b"\xa2\x06\x03abc" in new.SerializeToString()


def sparse_constant():
    values, places = (np.ones(1, np.float32), np.zeros(1, np.int64))
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(values, "v"), numpy_helper.from_array(places, "i"), [4]
    )
    constant = helper.make_node("Constant", [], ["w"], sparse_value=sparse)
    return model([constant, helper.make_node("Mul", ["x", "w"], ["y"])])


def bytes_that_are_no_text():
    return model([helper.make_node("G", ["x"], ["y"], domain="my", said=b"\xff\x00")])


def optional_output():
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, ["N"]))
    maybe = helper.make_value_info("y", kind)
    return model([helper.make_node("Optional", ["x"], ["y"])], outputs=[maybe])


@pytest.mark.parametrize(
    ("name", "made", "said"),
    [
        ("onnx_ir", sparse_constant, "onnx-ir cannot read this model: Sparse tensors are not"),
        ("graphsurgeon", bytes_that_are_no_text, "GraphSurgeon cannot read this model: 'utf-8'"),
        ("graphsurgeon", optional_output, "GraphSurgeon cannot write this graph: cannot access"),
    ],
)
def test_what_a_library_cannot_do_is_told_in_one_line(name, made, said):
    library = ours(name)
    with pytest.raises(InteropError, match=f"^{said}[^\n]*$") as raised:
        library.from_graph(library.to_graph(Model(made())))
    assert raised.value.__cause__ is not None


PACKED = ["INT4", "UINT4", "INT2", "FLOAT4E2M1", "FLOAT8E4M3FNUZ", "BFLOAT16", "BOOL"]


@pytest.mark.parametrize("kind", PACKED)
def test_weights_of_any_type_are_looked_at_and_stay_what_they_are(tmp_path, kind):
    """GraphSurgeon itself writes some at twice their length, and others as another type."""
    library, number = ours("graphsurgeon"), TensorProto.DataType.Value(kind)
    numbers = np.arange(4800).reshape(2, 2400) % 2
    array = numbers.astype(helper.tensor_dtype_to_np_dtype(number))
    path = tmp_path / "m.onnx"
    cast = helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)
    made = model([cast], constants=[numpy_helper.from_array(array, "w")])
    path.write_bytes(made.SerializeToString(deterministic=True))
    graph = library.to_graph(load(path))
    weight = graph.tensors()["w"]
    assert (weight.values == array).all()
    assert wire.dump(library.from_graph(graph).proto) == path.read_bytes()
    weight.values = np.roll(weight.values, 1, axis=1)
    new = library.from_graph(graph).tensors["w"]
    assert new.data_type == number
    assert (weights.read(new) == np.roll(array, 1, axis=1)).all()
    assert (weight.values == np.roll(array, 1, axis=1)).all()  # and the graph is as it was


@pytest.fixture
def product(tmp_path):
    """A file in which two weights that stay on disk are multiplied."""
    two = [
        numpy_helper.from_array(np.full((40, 40), v, np.float32), n)
        for n, v in zip("ab", (2, 3), strict=True)
    ]
    nodes = [
        helper.make_node("Mul", ["a", "b"], ["w"]),
        helper.make_node("MatMul", ["x", "w"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 40]) for n in "xy"]
    made = model(nodes, constants=two)
    made.graph.input[0].CopyFrom(ends[0])
    made.graph.output[0].CopyFrom(ends[1])
    (tmp_path / "product.onnx").write_bytes(made.SerializeToString())
    return tmp_path / "product.onnx"


def answer(path):
    return run(path, {"x": np.eye(40, dtype=np.float32)})["y"]


def test_graphsurgeon_folds_weights_that_are_on_disk(product):
    library = ours("graphsurgeon")
    graph = library.to_graph(load(product))
    new = library.from_graph(graph.fold_constants().cleanup())
    assert [node.op for node in new.nodes] == ["MatMul"]
    path = save(new, product.with_name("folded.onnx"))
    np.testing.assert_array_equal(answer(path), answer(product))


def test_what_graphsurgeon_writes_itself_is_whole(product):
    gs = pytest.importorskip("onnx_graphsurgeon")
    path = product.with_name("written.onnx")
    onnx.save(gs.export_onnx(ours("graphsurgeon").to_graph(load(product))), path)
    np.testing.assert_array_equal(answer(path), answer(product))
