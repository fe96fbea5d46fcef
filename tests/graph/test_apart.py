import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from onnxprobe.errors import NotOnnxError
from onnxprobe.graph.apart import apart
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model

RNG = np.random.default_rng(0)


def tensor(values, name="w"):
    return numpy_helper.from_array(values, name)


def on_disk(tmp_path, name, values):
    graph = onnx.helper.make_graph([], "one", [], [], [tensor(values)])
    (tmp_path / name).write_bytes(onnx.helper.make_model(graph, ir_version=8).SerializeToString())
    return load(tmp_path / name).tensors["w"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int8", "int64", "bool"])
@pytest.mark.parametrize("count", [0, 1, 3000, 700_001])
def test_it_is_what_numpy_says_wherever_the_elements_lie(tmp_path, dtype, count):
    a, b = ((RNG.normal(size=count) * 50).astype(dtype) for _ in range(2))
    expected = np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0)
    disk = [on_disk(tmp_path, name, x) for name, x in (("a.onnx", a), ("b.onnx", b))]
    for one, other in (disk, (tensor(a), tensor(b)), (disk[0], tensor(b))):
        assert apart(one, other) == expected


def test_packed_elements_are_read_whole():
    values = RNG.normal(size=3000).astype(np.float32)
    typed = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [3000], values.tolist())
    assert apart(typed, tensor(values + 1)) == pytest.approx(1, abs=1e-6)


def test_other_shapes_types_and_text_have_no_difference():
    ones = np.ones((2, 3), np.float32)
    assert apart(tensor(ones), tensor(ones.T.copy())) is None
    assert apart(tensor(ones), tensor(ones.astype(np.float64))) is None
    text = onnx.helper.make_tensor("w", onnx.TensorProto.STRING, [1], ["a"])
    assert apart(text, text) is None


def test_what_is_no_number_in_both_does_not_differ():
    a = np.array([np.nan, np.inf, 1], np.float32)
    assert apart(tensor(a), tensor(a)) == 0
    assert np.isnan(apart(tensor(a), tensor(np.array([1, np.inf, 1], np.float32))))


def test_half_and_bfloat_and_four_bits_are_compared():
    import ml_dtypes

    for dtype in (ml_dtypes.bfloat16, ml_dtypes.int4):
        a, b = np.array([1, 2, 3], dtype), np.array([1, 4, 3], dtype)
        assert apart(tensor(a), tensor(b)) == 2


def test_a_model_in_memory_and_on_disk_are_compared(loaded_big):
    values = loaded_big.constant("typed").copy()
    values[7, 2] += 0.5
    moved = onnx.ModelProto()
    moved.CopyFrom(loaded_big.proto)
    moved.graph.initializer[0].CopyFrom(tensor(values, "typed"))
    found = apart(loaded_big.tensors["typed"], Model(moved).tensors["typed"])
    assert found == pytest.approx(0.5)


def test_a_weight_that_lies_about_its_length_is_refused(tmp_path):
    honest, lying = (on_disk(tmp_path, f"{n}.onnx", np.ones(n, np.float32)) for n in (3000, 2000))
    lying.dims[:] = [3000]
    for pair in ((honest, lying), (lying, honest)):
        with pytest.raises(NotOnnxError, match="has 8000 bytes, but its shape and type take 12000"):
            apart(*pair)
