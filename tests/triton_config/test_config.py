import pytest

from onnxprobe.errors import PackageError
from onnxprobe.graph.value import Value
from onnxprobe.triton.config import config, read_config
from onnxprobe.triton.writing import tensors, warm_up, without

FACE = """# served since 2023
name: "face"   # keep
platform: "onnxruntime_onnx"
max_batch_size: 16
input [
  { name: "image", data_type: TYPE_FP32, format: FORMAT_NCHW, dims: [ 3, 8, 8 ] }
]
output [ { name: "scores" data_type: TYPE_FP32 dims: [ 5 ] label_filename: "faces.txt" } ]
version_policy: { latest { num_versions: 2 } }
instance_group [ { kind: KIND_CPU count: 1 } ]
"""


def test_a_config_says_what_it_says():
    found = config(FACE)
    assert (found.name, found.max_batch_size, found.filename) == ("face", 16, "model.onnx")
    assert found.onnx
    assert not found.completed
    assert (found.inputs[0].name, found.inputs[0].dims) == ("image", (3, 8, 8))
    assert found.outputs[0].label_filename == "faces.txt"


def test_a_reshape_is_what_the_model_sees():
    text = 'input { name: "x" dims: [ 1 ] reshape: { shape: [ ] } optional: true }'
    (found,) = config(text).inputs
    assert (found.dims, found.shape, found.optional) == ((1,), (), True)


@pytest.mark.parametrize(
    ("text", "onnx", "completed"),
    [
        ("", True, True),
        ('backend: "python"', False, True),
        ('default_model_filename: "model.plan"', False, True),
        ('backend: "onnxruntime" input { name: "a" }', True, True),
        ('output { name: "b" } batch_input { target_name: "a" }', True, False),
    ],
)
def test_what_is_left_out_is_completed_by_the_server(text, onnx, completed):
    found = config(text)
    assert (found.onnx, found.completed) == (onnx, completed)


def test_a_file_that_is_no_config_is_refused(tmp_path):
    with pytest.raises(PackageError, match="there is no file"):
        read_config(tmp_path / "config.pbtxt")
    (tmp_path / "config.pbtxt").write_text("name: 'a'\nmax_batch_size: many")
    with pytest.raises(PackageError, match=r"config.pbtxt', 'many' stands where a whole number"):
        read_config(tmp_path / "config.pbtxt")


def test_statements_are_left_out_and_the_rest_stays_to_the_byte():
    left = without(config(FACE), ("name", "version_policy"))
    assert left == (
        FACE.replace('name: "face"   # keep', "# keep").replace(
            "version_policy: { latest { num_versions: 2 } }\n", ""
        )
    )
    assert without(config(FACE), ()) == FACE
    assert without(config("a: 1, name: 'x'; b: 2"), ("name",)) == "a: 1, b: 2"


def test_what_is_written_reads_as_meant():
    values = [Value("s", "float32", ("N", 3)), Value('odd "name"', "int64", ("N",))]
    text = tensors("output", values, batched=True, labels={"s": "labels.txt"})
    first, second = config(text).outputs
    assert (first.data_type, first.dims, first.label_filename) == ("TYPE_FP32", (3,), "labels.txt")
    assert (second.name, second.dims, second.shape) == ('odd "name"', (1,), ())
    (open_,) = config(tensors("input", [Value("x", "bool", ("N", None, 4))], batched=False)).inputs
    assert (open_.data_type, open_.dims) == ("TYPE_BOOL", (-1, -1, 4))
    assert "zero_data: true" in warm_up({"x": ("TYPE_FP32", (3, 8))})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Value("x", "bfloat16", ("N",)), "has no bfloat16"),
        (Value("x", None, ("N",)), "has no such type"),
        (Value("x", "float32", None), "does not say how many dimensions"),
    ],
)
def test_what_triton_has_no_form_for_is_refused(value, message):
    with pytest.raises(PackageError, match=message):
        tensors("input", [value], batched=False)
