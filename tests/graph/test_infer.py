import pickle
import subprocess
import sys
from pathlib import Path

import architectures
import numpy as np
import pytest
from architectures.net import Net, proto_of
from hypothesis import given
from onnx import TensorProto, helper
from random_graphs import graphs

from onnxprobe.graph import model as model_module
from onnxprobe.graph.holes import holes
from onnxprobe.graph.inference import infer as infer_module
from onnxprobe.graph.inference.infer import infer
from onnxprobe.graph.model import Model
from onnxprobe.graph.shapes import batch_of, one_sample, sample_shape
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.graph.value import Value
from onnxprobe.probe import Probe, attach

OPEN = [build for build in architectures.CASES if isinstance(batch_of(build().model), str)]


def with_batch(model, batch):
    """The same model, its batch written into the inputs."""
    proto = proto_of(model)
    for declared in proto.graph.input:
        declared.type.tensor_type.shape.dim[0].dim_value = batch
    return infer(proto)


def at(dim, symbols, batch):
    number, star, of = dim.partition("*") if isinstance(dim, str) else (dim, "", "")
    if star and of in symbols:
        return int(number) * batch
    return batch if dim in symbols else dim


@pytest.mark.parametrize("build", OPEN, ids=lambda build: build.__name__)
def test_shapes_for_an_open_batch_hold_for_any_batch(build):
    model = build().model
    symbols = {model.value(name).shape[0] for name in model.inputs}
    fixed = with_batch(model, 6)  # 6: neither prime that inference tries, nor a divisor of one
    for name, value in model.values.items():
        assert value.shape is not None
        if None not in value.shape:
            assert tuple(at(d, symbols, 6) for d in value.shape) == fixed[name].shape, name


def four_rows_each():
    """A model that makes four rows of each picture by arithmetic around a Reshape, as exporters do."""
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 8)
    first = net.op("Gather", net.op("Shape", x), net.numbers([0]), axis=0)
    rows = net.op("Mul", first, net.numbers([4]))
    y = net.op("Reshape", x, net.op("Concat", rows, net.numbers([-1]), axis=0))
    return net.model(y)


def test_arithmetic_around_a_reshape_leaves_no_hole():
    model = four_rows_each()
    (y,) = model.outputs
    assert model.value(y).shape == ("4*N", 2048)
    assert sample_shape(model, y) is None
    assert one_sample(model.value(y), "N") == (4, 2048)


def test_a_batch_without_a_name_gets_one():
    net = Net()
    model = net.model(net.conv(net.input("image", [None, 3, 8, 8]), 3, 4, out="y"))
    assert batch_of(model) == "batch"
    assert model.value("y").shape == ("batch", 4, 8, 8)


def test_a_symbol_that_only_looks_made_up_is_kept():
    net = Net()
    model = net.model(net.conv(net.input("image", ["unk__616", 3, 8, 8]), 3, 4, out="y"))
    assert sample_shape(model, "y") == (4, 8, 8)


def named(model, *dims):
    """The same model, its output declared with ``dims``."""
    proto = proto_of(model)
    proto.graph.output[0].CopyFrom(Value(model.outputs[0], "float32", dims).info())
    return Model(proto)


def test_a_symbol_that_no_input_has_gives_way_to_what_follows():
    model = named(four_rows_each(), "Reshapey_dim_0", "Reshapey_dim_1")
    assert model.value(model.outputs[0]).shape == ("4*N", 2048)


def test_a_symbol_that_no_input_has_is_asked_for_where_nothing_follows():
    net = Net()
    y = net.op("Trilu", net.input("image", ["N", 3, 8, 8]), domain="com.microsoft")
    model = named(net.model(y, domains=["com.microsoft"]), "N", "dim_1", "2*N", "dim_3")
    assert model.value(y).shape == ("N", None, "2*N", None)
    assert holes(model) == (y,)


def test_sizes_that_follow_from_an_open_height_stay_unknown():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, "H", "W"]), 3, 8, 3, 2)
    y = net.op("Reshape", x, net.numbers([0, 8, -1]))
    model = net.model(y)
    assert sample_shape(model, x) == (8, None, None)
    assert sample_shape(model, y) == (8, None)


def test_a_file_that_inference_cannot_digest_keeps_what_it_declares():
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 3]) for n in ("x", "y")]
    node = helper.make_node("Nonsense", ["x"], ["y"], domain="nowhere")
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    model = Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9999)]))
    assert model.value("y") == Value("y", "float32", ("N", 3))


def test_inference_looks_at_no_large_weight():
    big = helper.make_tensor("w", TensorProto.FLOAT, [2000], np.ones(2000).tolist())
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 2000]) for n in ("x", "y")]
    node = helper.make_node("Add", ["x", "w"], ["y"])
    proto = helper.make_model(helper.make_graph([node], "g", ends[:1], ends[1:], [big]))
    before = proto.SerializeToString()
    assert infer(proto)["w"].shape == (2000,)
    assert proto.SerializeToString() == before


def test_a_vector_that_is_said_to_be_endless_takes_no_memory():
    command = [sys.executable, str(Path(__file__).with_name("limited.py")), str(2**62)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"sum float32[{2**62}]\n"), done.stderr


@pytest.mark.parametrize("build", architectures.CASES[::5])
def test_a_model_with_large_weights_is_copied_piece_by_piece_and_says_the_same(build, monkeypatch):
    proto = proto_of(build().model)
    whole = infer(proto)
    monkeypatch.setattr(infer_module, "_LIGHT", -1)
    assert infer(proto) == whole


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_names_are_those_of_all_values(build):
    model = build().model
    assert model.names == model.values.keys()


@given(graphs(inputs=2, outputs=2))
def test_names_of_random_graphs_are_those_of_all_values(model):
    assert model.names == model.values.keys()


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_a_tensor_looked_up_alone_is_what_inference_of_all_says(build):
    model = declaring(build().model)
    alone = Model(model.proto)
    assert [alone.said(name) or model.values[name] for name in model.names] == [
        model.values[name] for name in model.names
    ]


@pytest.mark.parametrize("build", architectures.CASES, ids=lambda build: build.__name__)
def test_a_file_that_declares_everything_says_what_inference_would(build):
    proto = declaring(build().model).proto
    found = infer(proto)
    assert Model(proto).values == found | {
        name: Value(name, None, None) for name in Model(proto).names - found.keys()
    }


def test_an_output_without_a_name_is_a_value_like_others():
    net = Net()
    proto = proto_of(declaring(net.model(net.op("Relu", net.input("image", ["N", 3])))))
    proto.graph.output.add().CopyFrom(Value("", "float32", ("N", 3)).info())
    assert Model(proto).values.keys() == Model(proto).names == {"image", "relu_0", ""}


def test_a_weight_listed_as_an_input_is_what_the_input_says():
    net = Net()
    w = net.weight(3, 3)
    proto = proto_of(declaring(net.model(net.op("MatMul", net.input("image", ["N", 3]), w))))
    proto.graph.input.add().CopyFrom(Value(w, "float32", (3, "M")).info())
    assert Model(proto).value(w) == Model(proto).values[w] == infer(proto)[w]


def test_a_file_that_declares_everything_is_not_inferred(monkeypatch):
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 8)
    model = declaring(net.model(net.op("Flatten", x)))
    monkeypatch.setattr(model_module, "infer", None)
    assert Model(model.proto).value(x).shape == ("N", 8, 32, 32)
    assert Model(model.proto).values.keys() == model.names


def test_what_a_file_declares_is_not_inferred(monkeypatch):
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 8)
    model = declaring(net.model(net.op("Flatten", x)))
    head = Net()
    scores = head.op("Relu", head.input("features", ["N", 8]))
    monkeypatch.setattr(model_module, "infer", None)
    probe = Probe(x, "mean")
    tapped = attach(model, [probe])
    joined = stitch(tapped, Graft(head.model(scores), {"features": probe.output}))
    assert joined.value(probe.output) == Value(probe.output, "float32", ("N", 8))


def test_a_model_that_is_sent_to_another_process_infers_what_it_did_here():
    net = Net()
    x = net.conv(net.input("image", ["N", 3, 32, 32]), 3, 8)
    tapped = attach(net.model(net.op("Flatten", x)), [Probe(x, "mean")])
    sent = pickle.loads(pickle.dumps(tapped))  # noqa: S301  our own
    assert sent.values == tapped.values
    assert sent.proto == tapped.proto


@pytest.mark.parametrize(
    "said",
    [
        Value("x", "float32", ("rows", 3)),  # a symbol that no input has
        Value("x", "float32", ("N", None)),
        Value("x", "float32", None),
    ],
    ids=str,
)
def test_a_declaration_with_a_hole_is_inferred(said):
    net = Net()
    x = net.op("Relu", net.input("image", ["N", 3]))
    proto = proto_of(net.model(net.op("Relu", x)))
    proto.graph.value_info.add().CopyFrom(Value(x, said.dtype, said.shape).info())
    model = Model(proto)
    assert model.said(x) is None
    assert model.value(x).shape == ("N", 3)


def declaring(model):
    """The same model, every shape that can be inferred written into it."""
    proto = proto_of(model)
    said = {info.name for info in (*proto.graph.input, *proto.graph.output)}
    infos = [v.info() for name, v in model.values.items() if name not in said | model.constants]
    del proto.graph.value_info[:]
    proto.graph.value_info.extend(infos)
    for info in proto.graph.output:
        info.CopyFrom(model.value(info.name).info())
    return Model(proto, model.known)
