import numpy as np
import onnx
import pytest
from google.protobuf.message import EncodeError
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.errors import StitchError
from onnxprobe.graph.disk import wire
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.runtime import Session, run

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*the most that readers of ONNX take:RuntimeWarning"
)


@pytest.fixture
def short(monkeypatch):
    """A world in which no ONNX file is longer than 5,000 bytes."""
    monkeypatch.setattr(wire, "LIMIT", 5000)


@pytest.mark.usefixtures("short")
def test_what_would_be_too_long_a_file_keeps_its_weights_beside_it_and_says_so(
    loaded_big, tmp_path
):
    said = []
    path = save(loaded_big, tmp_path / "out" / "big.onnx", say=said.append)
    assert sorted(p.name for p in path.parent.iterdir()) == ["big.onnx", "big.onnx.data"]
    assert path.stat().st_size < 2000
    (line,) = said
    assert "would be longer than 5,000 bytes" in line
    assert line.endswith("its weights are in 'big.onnx.data' beside it")


@pytest.mark.usefixtures("short")
def test_where_nobody_listens_it_is_a_warning(loaded_big, tmp_path):
    with pytest.warns(RuntimeWarning, match=r"its weights are in 'big.onnx.data' beside it"):
        save(loaded_big, tmp_path / "big.onnx")


@pytest.mark.usefixtures("short")
def test_weights_that_moved_out_are_the_same_to_everyone(loaded_big, big_file, tmp_path):
    path = save(loaded_big, tmp_path / "out" / "big.onnx")
    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    np.testing.assert_array_equal(run(path, {"x": x})["y"], run(big_file, {"x": x})["y"])
    for name in ("table", "typed", "order"):
        np.testing.assert_array_equal(load(path).constant(name), loaded_big.constant(name))
    places = [
        t.external_data[1].value
        for t in onnx.load(path, load_external_data=False).graph.initializer
    ]
    assert all(int(offset) % 4096 == 0 for offset in places)
    onnx.checker.check_model(str(path), full_check=True)


@pytest.mark.usefixtures("short")
def test_a_model_that_is_too_long_runs_without_being_saved(loaded_big, big_file, monkeypatch):
    def short_dump(proto):
        assert len(wire.dump(proto)) <= 5000
        return wire.dump(proto)

    monkeypatch.setattr("onnxprobe.runtime.dump", short_dump)
    x = np.ones((2, 8), np.float32)
    np.testing.assert_array_equal(
        Session(loaded_big).run({"x": x})["y"], run(big_file, {"x": x})["y"]
    )


@pytest.mark.usefixtures("short")
def test_weights_in_memory_move_out_too(tmp_path):
    rng = np.random.default_rng(0)
    weights = [onnx.numpy_helper.from_array(rng.normal(size=(40, 40)), f"w{i}") for i in range(3)]
    ends = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, ["N", 40]) for n in "xy"]
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["a"]),
        helper.make_node("MatMul", ["a", "w1"], ["b"]),
        helper.make_node("MatMul", ["b", "w2"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    model = Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )
    before = model.proto.SerializeToString()
    path = save(model, tmp_path / "m.onnx")
    assert onnx.load(path).graph.initializer[2].raw_data == weights[2].raw_data
    assert model.proto.SerializeToString() == before


@pytest.mark.usefixtures("short")
def test_weights_that_are_not_proven_go_again(loaded_big, tmp_path):
    def refuses(temporary):
        assert load(temporary).constant("typed").shape == (600, 5)  # they are there for the proof
        raise StitchError("no")

    with pytest.raises(StitchError, match=r"^no$"):
        save(loaded_big, tmp_path / "out" / "big.onnx", check=refuses)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.usefixtures("short")
def test_a_file_in_the_way_of_the_weights_stays(loaded_big, tmp_path):
    (tmp_path / "new.onnx.data").write_text("precious")
    with pytest.raises(
        StitchError, match=r"new.onnx.data' is in the way of the weights; remove it"
    ):
        save(loaded_big, tmp_path / "new.onnx")
    assert (tmp_path / "new.onnx.data").read_text() == "precious"
    assert not (tmp_path / "new.onnx").exists()


def test_what_is_short_enough_stays_one_file_and_nothing_is_said(loaded_big, tmp_path):
    said = []
    save(loaded_big, tmp_path / "out" / "big.onnx", say=said.append)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["big.onnx"]
    assert not said


def sparse(path, elements, name):
    """A model whose one weight is ``elements`` zeros that take no place on the disk."""
    ends = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", "K"])
        for n in (f"{name}x", f"{name}y")
    ]
    nodes = [
        helper.make_node("ReduceSum", [f"{name}w"], [f"{name}s"], keepdims=0),
        helper.make_node("Add", [f"{name}x", f"{name}s"], [f"{name}y"]),
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    head = TensorProto(name=f"{name}w", data_type=1, dims=[elements]).SerializeToString()
    head += b"\x4a" + wire.encode(4 * elements)
    inside = graph.SerializeToString() + b"\x2a" + wire.encode(len(head) + 4 * elements) + head
    proto.ClearField("graph")
    start = proto.SerializeToString() + b"\x3a" + wire.encode(len(inside) + 4 * elements) + inside
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + 4 * elements)
    return path


@pytest.mark.slow
def test_two_models_that_together_pass_two_gigabytes_are_stitched_and_run(tmp_path):
    """For real: 1.2 GB each, one file of 2.4 GB of weights, opened by ONNX Runtime."""
    a, b = (sparse(tmp_path / f"{name}.onnx", 300_000_000, name) for name in "ab")
    said = []
    both = stitch(load(a), Graft(load(b), {"bx": "ay"}))
    path = save(both, tmp_path / "out" / "both.onnx", say=said.append)
    assert (path.parent / "both.onnx.data").stat().st_size >= 2_400_000_000
    assert said
    x = np.ones((1, 2), np.float32)
    np.testing.assert_array_equal(run(path, {"ax": x})["by"], x)


def protobuf_of(bytes_at_most, monkeypatch):
    """A world in which protobuf writes no longer message, as it writes none of 2 GB."""

    def pieces(proto, plain=wire.pieces):
        if sum(len(tensor.raw_data) for tensor in proto.graph.initializer) > bytes_at_most:
            raise EncodeError("Failed to serialize proto")
        return plain(proto)

    monkeypatch.setattr(wire, "pieces", pieces)


def test_what_protobuf_does_not_write_from_memory_moves_out(tmp_path, monkeypatch):
    protobuf_of(30_000, monkeypatch)
    weights = [
        onnx.numpy_helper.from_array(np.full((40, 40), i / 50), n)
        for i, n in ((1, "a"), (2, "b"), (3, "c"))
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, ["N", 40]) for n in "xy"]
    nodes = [
        helper.make_node("MatMul", pair.split(), [out])
        for pair, out in (("x a", "1"), ("1 b", "2"), ("2 c", "y"))
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], weights)
    imports = [helper.make_opsetid("", 17)]
    model = Model(helper.make_model(graph, opset_imports=imports, ir_version=8))
    x = np.eye(40)
    path = save(model, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx.data").stat().st_size >= 3 * 12_800
    expected = x @ np.linalg.multi_dot([np.full((40, 40), i / 50) for i in (1, 2, 3)])
    for one in (path, model):  # rounding alone: sums are taken in another order
        np.testing.assert_allclose(run(one, {"x": x})["y"], expected, rtol=1e-12)


@pytest.mark.slow
def test_more_than_two_gigabytes_in_memory_are_saved(tmp_path):
    """For real, as a library leaves them that read and changed every weight."""
    zeros = bytes(1_100_000_000)
    weights = [
        TensorProto(name=n, data_type=TensorProto.UINT8, dims=[len(zeros)], raw_data=zeros)
        for n in "ab"
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.UINT8, ["N"]) for n in "xy"]
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], weights)
    imports = [helper.make_opsetid("", 17)]
    model = Model(helper.make_model(graph, opset_imports=imports, ir_version=8))
    path = save(model, tmp_path / "m.onnx")
    assert (tmp_path / "m.onnx.data").stat().st_size >= 2_200_000_000
    assert load(path).constant("b").size == len(zeros)


@pytest.mark.usefixtures("short")
def test_only_what_is_inside_moves_out(tmp_path, big_file):
    proto = onnx.load(big_file)
    for tensor in proto.graph.initializer:
        tensor.CopyFrom(
            onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name)
        )
    onnx.external_data_helper.convert_model_to_external_data(
        proto, location="m.data", size_threshold=0
    )
    onnx.save(proto, tmp_path / "m.onnx")
    model = load(tmp_path / "m.onnx")
    save(stitch(model, Graft(load(big_file), {"x": "x"}, prefix="two/")), tmp_path / "again.onnx")
    both = onnx.load(tmp_path / "again.onnx", load_external_data=False)
    places = {t.name: t.external_data[0].value for t in both.graph.initializer}
    assert places == {
        "typed": "m.data", "order": "m.data",
        "two/typed": "again.onnx.data", "two/order": "again.onnx.data",
    }  # fmt: skip
    x = np.ones((2, 8), np.float32)
    answers = run(tmp_path / "again.onnx", {"x": x})
    np.testing.assert_array_equal(answers["y"], answers["two/y"])


def test_the_limit_is_that_of_protobuf(tiny):
    assert wire.LIMIT == 2**31 - 1
    assert wire.length(wire.pieces(tiny.proto)) == len(tiny_model().proto.SerializeToString())
