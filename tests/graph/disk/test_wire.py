import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk import varint, weights, wire
from onnxprobe.graph.load import load
from onnxprobe.graph.save import save


def test_what_is_loaded_and_saved_is_the_same_model(big_file, tmp_path):
    again = save(load(big_file), tmp_path / "again.onnx")
    assert onnx.load(again) == onnx.load(big_file)


def test_weights_that_were_beside_a_model_once_are_kept_to_the_byte(tmp_path):
    """``onnx.save`` after ``onnx.load`` says of each weight that it is inside, which is said nowhere else."""
    x, y = (onnx.helper.make_tensor_value_info(n, 1, ["N", 32]) for n in "xy")
    table = onnx.numpy_helper.from_array(np.arange(1024, dtype=np.float32).reshape(32, 32), "w")
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [x], [y], [table])
    outside, inside = tmp_path / "outside.onnx", tmp_path / "inside.onnx"
    onnx.save(onnx.helper.make_model(graph), outside, save_as_external_data=True, size_threshold=0)
    onnx.save(onnx.load(outside), inside)
    assert onnx.load(inside).graph.initializer[0].HasField("data_location")

    loaded = load(inside)
    assert weights.stored(loaded.tensors["w"]) is not None
    assert loaded.constant("w")[31, 31] == 1023
    assert save(loaded, tmp_path / "again.onnx").read_bytes() == inside.read_bytes()


def test_long_weights_stay_on_disk(loaded_big, big_file):
    assert loaded_big.proto.ByteSize() < 2000 < big_file.stat().st_size
    assert all(weights.stored(loaded_big.tensors[n]) for n in ("table", "typed", "order"))


@pytest.mark.parametrize("name", ["table", "typed", "order"])
def test_a_weight_is_read_from_its_place(loaded_big, big_file, name):
    whole = onnx.load(big_file)
    plain = {t.name: t for t in whole.graph.initializer} | {
        "table": whole.graph.node[0].attribute[0].t
    }
    np.testing.assert_array_equal(
        loaded_big.constant(name), onnx.numpy_helper.to_array(plain[name])
    )


def test_no_reference_is_ever_written(loaded_big, tmp_path):
    written = save(loaded_big, tmp_path / "again.onnx").read_bytes()
    assert b"onnxprobe" not in written


def test_weights_in_a_body_stay_on_disk(tmp_path):
    from onnx import TensorProto, helper, numpy_helper

    long = numpy_helper.from_array(np.arange(2000, dtype=np.float32), "long")
    out = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
    body = helper.make_graph([helper.make_node("Add", ["x", "long"], ["z"])], "b", [], out, [long])
    node = helper.make_node("If", ["flag"], ["y"], then_branch=body, else_branch=body)
    ends = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [2000]),
        helper.make_tensor_value_info("flag", TensorProto.BOOL, []),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [2000]),
    ]
    proto = helper.make_model(helper.make_graph([node], "g", ends[:2], ends[2:]))
    onnx.save(proto, tmp_path / "if.onnx")
    model = load(tmp_path / "if.onnx")
    assert model.proto.ByteSize() < 2000
    assert onnx.load(save(model, tmp_path / "again.onnx")) == proto


def outside(folder, model_file):
    """The same model with its initializers in a file of their own."""
    folder.mkdir()
    proto = onnx.load(model_file)
    for tensor in proto.graph.initializer:  # onnx moves raw data only
        tensor.CopyFrom(
            onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor), tensor.name)
        )
    onnx.external_data_helper.convert_model_to_external_data(proto, location="out.data")
    onnx.save(proto, folder / "out.onnx")
    return folder / "out.onnx"


@pytest.mark.parametrize("way", ["link", "copy"])
def test_weights_beside_the_model_come_along(big_file, tmp_path, way, monkeypatch):
    monkeypatch.setattr("onnxprobe.graph.disk.outside.clone", lambda *_: False)
    path = outside(tmp_path / "a", big_file)
    again = save(load(path), tmp_path / "b" / "again.onnx", outside=way)
    assert (again.parent / "out.data").read_bytes() == (path.parent / "out.data").read_bytes()
    linked = (again.parent / "out.data").samefile(path.parent / "out.data")
    assert linked == (way == "link")
    np.testing.assert_array_equal(load(again).constant("typed"), load(path).constant("typed"))


def test_a_model_whose_weights_are_gone_can_be_looked_at_but_not_written(big_file, tmp_path):
    path = outside(tmp_path / "a", big_file)
    (path.parent / "out.data").unlink()
    model = load(path)
    assert model.outputs == ("y",)
    with pytest.raises(
        MissingWeightsError, match=r"keeps its weights in 'out.data', which is not beside it"
    ):
        save(model, tmp_path / "b" / "again.onnx")
    assert not list(tmp_path.glob("b/*"))


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "link"])
def test_weights_outside_the_folder_are_refused(big_file, tmp_path, location):
    path = outside(tmp_path / "a", big_file)
    (tmp_path / "secret").write_bytes(bytes(100_000))
    (path.parent / "link").symlink_to(tmp_path / "secret")
    proto = onnx.load(path, load_external_data=False)
    for entry in proto.graph.initializer[0].external_data:
        entry.value = location if entry.key == "location" else entry.value
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(NotOnnxError, match="outside the model's folder"):
        load(path).constant(proto.graph.initializer[0].name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"PK\x03\x04 a zip", "torch.onnx.export"),
        (b"<html>not found</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"hello, this is plain text", "not an ONNX file"),
        (b"\x08\x08", "not an ONNX file"),
    ],
)
def test_what_is_not_onnx_is_said_to_be_something_else(tmp_path, content, message):
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(NotOnnxError, match=message):
        load(tmp_path / "x.onnx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(big_file, tmp_path, share):
    data = big_file.read_bytes()
    (tmp_path / "cut.onnx").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(NotOnnxError, match=r"'.*cut.onnx' is not an ONNX file, or a damaged one"):
        load(tmp_path / "cut.onnx")


@pytest.mark.parametrize("data", [b"\x08\xff", b"\x0f", b"\x3a\x7f"])
def test_a_file_is_called_damaged_once(tmp_path, data):
    (tmp_path / "x.onnx").write_bytes(data)
    with pytest.raises(NotOnnxError) as refused:
        load(tmp_path / "x.onnx")
    assert str(refused.value).partition("x.onnx")[2].count("damaged") == 1
    assert "or a damaged one: " in str(refused.value)


def test_a_file_that_shrank_after_it_was_read_is_noticed(loaded_big, big_file, tmp_path):
    big_file.write_bytes(big_file.read_bytes()[:5000])
    (tmp_path / "old.onnx").write_text("precious")
    with pytest.raises(
        MissingWeightsError, match="has changed since it was read; load the model again"
    ):
        save(loaded_big, tmp_path / "old.onnx")
    assert (tmp_path / "old.onnx").read_text() == "precious"


@given(st.integers(0, 2**64 - 1))
def test_varints_come_back(number):
    assert varint.decode(varint.encode(number), 0) == (number, len(varint.encode(number)))


def test_dump_is_what_is_written(loaded_big, big_file):
    assert onnx.load_from_string(wire.dump(loaded_big.proto)) == onnx.load(big_file)


def test_a_file_comes_through_byte_for_byte(big_file, tmp_path):
    assert save(load(big_file), tmp_path / "again.onnx").read_bytes() == big_file.read_bytes()


def test_fields_of_a_later_onnx_come_through(big_file, tmp_path):
    later = varint.encode(1999 << 3 | varint.BYTES) + b"\x03new"
    proto = onnx.load(big_file)
    for message in (proto, proto.graph, proto.graph.node[0], proto.graph.initializer[0]):
        message.MergeFromString(later)
    (tmp_path / "later.onnx").write_bytes(proto.SerializeToString())
    again = save(load(tmp_path / "later.onnx"), tmp_path / "again.onnx").read_bytes()
    assert again.count(later) == 4
    assert onnx.load_from_string(again).SerializeToString() == proto.SerializeToString()


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3(", b"\xed\xa0\x80"])
def test_names_that_are_not_text_are_refused(big_file, tmp_path, bad):
    data = big_file.read_bytes()
    (tmp_path / "bad.onnx").write_bytes(data.replace(b"shuffled", (bad * 8)[:8].ljust(8, b"x")))
    with pytest.raises(NotOnnxError, match="a name or text in it is not UTF-8"):
        load(tmp_path / "bad.onnx")


@pytest.mark.parametrize("levels", [70, 3000])
def test_a_graph_in_a_graph_in_a_graph_has_an_end(tmp_path, levels):
    """Built from bytes: protobuf itself would not write it."""
    graph = b"\x52\x80\x10" + b"x" * 2048
    for _ in range(levels):
        attribute = b"\x32" + varint.encode(len(graph)) + graph
        node = b"\x2a" + varint.encode(len(attribute)) + attribute
        graph = b"\x0a" + varint.encode(len(node)) + node
    (tmp_path / "deep.onnx").write_bytes(b"\x08\x08\x3a" + varint.encode(len(graph)) + graph)
    with pytest.raises(NotOnnxError, match="nested more than 64 levels deep"):
        load(tmp_path / "deep.onnx")


@given(st.binary(max_size=40))
def test_whatever_the_bytes_they_are_fields_or_an_error(data):
    """The slow twin is protobuf: what it parses are the fields that are found, one after another."""
    try:
        spans = [(start, end) for _, _, start, _, end in varint.fields(data, 0, len(data))]
    except NotOnnxError:
        return
    assert [start for start, _ in spans] == [0, *(end for _, end in spans)][: len(spans)]
    assert sum(end - start for start, end in spans) == len(data)
