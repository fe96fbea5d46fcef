import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import MissingWeightsError, NotOnnxError
from onnxprobe.graph.disk import weights
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save

TYPES = sorted(set(TensorProto.DataType.values()) - {TensorProto.UNDEFINED, TensorProto.STRING})


def model_of(*tensors):
    """A model that holds ``tensors`` and does nothing."""
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g", [info], [], tensors
    )
    graph.output.add(name="y")
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def written(path, *tensors):
    path.write_bytes(model_of(*tensors).SerializeToString())
    return path


def of_type(kind, *, raw):
    numbers = np.random.default_rng(kind).integers(0, 2, 9000)
    array = numbers.astype(helper.tensor_dtype_to_np_dtype(kind))
    if raw:
        return numpy_helper.from_array(array, "w")
    return helper.make_tensor("w", kind, array.shape, array)


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@pytest.mark.parametrize("kind", TYPES, ids=TensorProto.DataType.Name)
def test_a_weight_of_any_type_is_read_from_disk_as_onnx_reads_it(tmp_path, kind, raw):
    tensor = of_type(kind, raw=raw)
    lying = load(written(tmp_path / "w.onnx", tensor)).tensors["w"]
    assert weights.stored(lying) is not None
    read, expected = weights.read(lying), numpy_helper.to_array(tensor)
    assert read.dtype == expected.dtype
    assert read.tobytes() == expected.tobytes()


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@pytest.mark.parametrize("kind", TYPES, ids=TensorProto.DataType.Name)
def test_a_file_comes_through_byte_for_byte(tmp_path, kind, raw):
    path = written(tmp_path / "w.onnx", of_type(kind, raw=raw))
    assert save(load(path), tmp_path / "again.onnx").read_bytes() == path.read_bytes()


def test_the_size_of_a_weight_is_what_it_takes_written_plainly():
    for kind in TYPES:
        tensor = of_type(kind, raw=True)
        assert weights.size(tensor) == len(tensor.raw_data), TensorProto.DataType.Name(kind)


@given(st.lists(st.integers(0, 2**62), max_size=6))
def test_a_giant_shape_has_a_giant_size_not_a_negative_one(dims):
    product = 4
    for size in dims:
        product *= size
    assert weights.size(TensorProto(data_type=1, dims=dims)) == product


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (TensorProto(name="w", data_type=99, dims=[1]), "weight 'w' is of type 99, which ONNX .* does not have"),
        (TensorProto(name="w", dims=[1]), "weight 'w' is of type 0"),
        (TensorProto(name="w", data_type=1, dims=[2, -3]), r"weight 'w' has a negative size: \[2, -3\]"),
        (
            TensorProto(name="w", data_type=1, dims=[2**40], raw_data=b"1234"),
            "weight 'w' has 4 bytes, but its shape and type take 4398046511104",
        ),
        (TensorProto(name="w", data_type=1, dims=[3], float_data=[1.0]), "weight 'w' cannot be read: .*reshape"),
        (
            TensorProto(name="w", data_type=TensorProto.INT4, dims=[2**33], int32_data=[1]),
            "weight 'w' holds less than its shape and type take",
        ),
        (
            TensorProto(name="w", data_type=TensorProto.INT4, dims=[7, 2**62, 0, 2**40], int32_data=[1]),
            "weight 'w' cannot be read",
        ),
    ],
)  # fmt: skip
def test_a_weight_that_cannot_be_what_it_says_is_refused(tensor, said):
    with pytest.raises(NotOnnxError, match=said):
        weights.read(tensor)


def test_a_long_weight_that_lies_about_its_shape_is_refused(tmp_path):
    tensor = numpy_helper.from_array(np.zeros(1000, np.float32), "w")
    tensor.dims[:] = [2**40]
    model = load(written(tmp_path / "w.onnx", tensor))
    with pytest.raises(
        NotOnnxError, match="has 4000 bytes, but its shape and type take 4398046511104"
    ):
        model.constant("w")


def test_a_long_weight_of_damaged_numbers_is_refused(tmp_path):
    path = written(
        tmp_path / "w.onnx", helper.make_tensor("w", TensorProto.INT64, [2000], range(2000))
    )
    data = bytearray(path.read_bytes())
    data[1000:1016] = b"\xff" * 16  # in the middle of the numbers
    path.write_bytes(data)
    with pytest.raises(NotOnnxError, match="weight 'w' cannot be read: its bytes are damaged"):
        load(path).constant("w")


def test_a_weight_whose_data_is_in_two_places_is_refused(tmp_path):
    data = model_of(numpy_helper.from_array(np.zeros(1000, np.float32), "w")).SerializeToString()
    start = data.index(b"\x4a\xa0\x1f")  # the field raw_data, 4000 bytes
    twice = TensorProto.FromString(data[start : start + 4003]).SerializeToString()
    whole = onnx.ModelProto.FromString(data)
    tensor = whole.graph.initializer[0].SerializeToString() + twice
    whole.graph.ClearField("initializer")
    head = whole.graph.SerializeToString() + b"\x2a" + _varint(len(tensor)) + tensor
    whole.ClearField("graph")
    (tmp_path / "w.onnx").write_bytes(
        whole.SerializeToString() + b"\x3a" + _varint(len(head)) + head
    )
    with pytest.raises(NotOnnxError, match="the data of a weight is in several places"):
        load(tmp_path / "w.onnx")


def _varint(number):
    from onnxprobe.graph.disk.varint import encode

    return encode(number)


def outside_tensor(**said):
    tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in ({"location": "w.bin"} | said).items():
        tensor.external_data.add(key=key, value=value)
    return tensor


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        (
            {"offset": "90"},
            MissingWeightsError,
            r"ends at byte 100, before weight 'w' does \(byte 106\)",
        ),
        ({"offset": "-1"}, MissingWeightsError, "ends at byte 100"),
        ({"length": "-5"}, MissingWeightsError, "ends at byte 100"),
        ({"length": str(2**70)}, MissingWeightsError, "ends at byte 100"),
        ({"offset": "abc"}, NotOnnxError, "an offset or length that is no number"),
        ({"offset": "1_0"}, NotOnnxError, "an offset or length that is no number"),
        ({"offset": " 1"}, NotOnnxError, "an offset or length that is no number"),
        ({"offset": "9" * 5000}, NotOnnxError, "an offset or length that is no number"),
        ({"length": "12"}, NotOnnxError, "has 12 bytes, but its shape and type take 16"),
        ({"location": ""}, NotOnnxError, "said to be in '', which is no name of a file"),
        (
            {"location": "."},
            MissingWeightsError,
            "keeps its weights in '.', which is not beside it",
        ),
        ({"location": "loop"}, MissingWeightsError, "keeps its weights in 'loop'"),
        ({"location": "pipe"}, MissingWeightsError, "keeps its weights in 'pipe'"),
        ({"location": "a\0b"}, NotOnnxError, r"said to be in 'a\\x00b', which is no name"),
        (
            {"location": "w.bin/"},
            MissingWeightsError,
            "keeps its weights in 'w.bin/', which is not",
        ),
        ({"location": "no/../w.bin"}, MissingWeightsError, "which is not beside it"),
        ({"location": "x" * 5000}, MissingWeightsError, "which is not beside it"),
        ({"location": "sub/../../secret"}, NotOnnxError, "outside the model's folder"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path, said, error, message):
    import os

    (tmp_path / "w.bin").write_bytes(bytes(100))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    path = written(tmp_path / "model.onnx", outside_tensor(**said))
    with pytest.raises(error, match=message):
        load(path).constant("w")


@pytest.mark.parametrize("location", ["{folder}/w.bin", "../{folder.name}/w.bin"])
def test_a_name_that_would_be_a_file_elsewhere_beside_another_model_is_refused(tmp_path, location):
    """A package that copied it by that name would write over the original."""
    (tmp_path / "w.bin").write_bytes(bytes(100))
    said = location.format(folder=tmp_path)
    path = written(tmp_path / "model.onnx", outside_tensor(location=said))
    with pytest.raises(NotOnnxError, match=r"relative to the model's folder|outside the model's"):
        load(path).constant("w")


def test_a_file_whose_weight_has_another_length_than_it_says_is_not_written_on(tmp_path):
    (tmp_path / "w.bin").write_bytes(bytes(100))
    model = load(written(tmp_path / "model.onnx", outside_tensor(length="12")))
    with pytest.raises(NotOnnxError, match="has 12 bytes, but its shape and type take 16"):
        save(model, tmp_path / "again.onnx")


def test_a_length_of_nothing_is_none(tmp_path):
    """So it is to ONNX and to ONNX Runtime."""
    (tmp_path / "w.bin").write_bytes(np.arange(4, dtype=np.float32).tobytes())
    path = written(tmp_path / "model.onnx", outside_tensor(length="0"))
    np.testing.assert_array_equal(load(path).constant("w"), np.arange(4))
    assert save(load(path), tmp_path / "again.onnx").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("key", ["field", "folder", "home", "stamp"])
def test_a_file_cannot_pretend_that_a_weight_is_in_memory(tmp_path, key):
    """Else a file could have any file of the reader written into the next model."""
    (tmp_path / "secret").write_bytes(b"secret" * 100)
    said = {
        "location": str(tmp_path / "secret"),
        "offset": "0",
        "length": "16",
        f"onnxprobe.disk.{key}": "9",
    }
    path = written(tmp_path / "model.onnx", outside_tensor(**said))
    with pytest.raises(
        NotOnnxError, match=r"it holds 'onnxprobe.disk.', which has a meaning in memory only"
    ):
        load(path)


def test_a_folder_whose_name_is_not_utf8_holds_models_too(tmp_path):
    import os

    folder = tmp_path / os.fsdecode(b"caf\xe9 \xff")
    folder.mkdir()
    path = written(folder / "w.onnx", numpy_helper.from_array(np.arange(1000.0), "w"))
    np.testing.assert_array_equal(load(path).constant("w"), np.arange(1000.0))
    assert save(load(path), folder / "again.onnx").read_bytes() == path.read_bytes()


def test_a_model_of_another_file_at_the_same_place_is_not_mixed_up(tmp_path):
    path = written(tmp_path / "w.onnx", numpy_helper.from_array(np.zeros(1000), "w"))
    model = load(path)
    save(Model(model_of(numpy_helper.from_array(np.ones(1000), "w"))), path)
    with pytest.raises(
        MissingWeightsError, match=r"w.onnx' has changed since it was read; load the model again"
    ):
        model.constant("w")
    assert load(path).constant("w")[0] == 1


def test_a_model_can_be_saved_over_the_file_it_came_from(big_file):
    before = load(big_file).constant("typed")
    save(load(big_file), big_file)
    np.testing.assert_array_equal(load(big_file).constant("typed"), before)
