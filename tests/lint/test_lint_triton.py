import pytest
from onnx import TensorProto, helper
from tiny import tiny_model

from onnxprobe.graph.model import Model
from onnxprobe.lint import LINTINGS, findings, seen
from onnxprobe.runtime import Session
from onnxprobe.triton.config import config

TRITON = LINTINGS["triton"]
BATCHED = """
max_batch_size: 8
input { name: "image" data_type: TYPE_FP32 dims: [3, 8, 8] }
output { name: "scores" data_type: TYPE_FP32 dims: [5] }
"""
WHOLE = """
input { name: "image" data_type: TYPE_FP32 dims: [-1, 3, 8, 8] }
output { name: "scores" data_type: TYPE_FP32 dims: [-1, 5] }
"""


def found(model, text=None, **options):
    said = None if text is None else config(text)
    return findings(model, TRITON, config=said, **options)


def brief(*args, **options):
    return [(f.level, f.rule, f.fix) for f in found(*args, **options)]


@pytest.mark.parametrize("text", [BATCHED, WHOLE])
def test_a_configuration_that_fits_has_no_findings(tiny, text):
    assert found(tiny, text) == ()
    assert found(tiny) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("dims: [5]", "dims: [6]", ("error", "output-dims", "dims: [ 5 ]")),
        ("dims: [5]", "dims: [-1]", ("error", "output-dims", "dims: [ 5 ]")),
        ("dims: [5]", "dims: [1, 5]", ("error", "output-dims", "dims: [ 5 ]")),
        (
            "dims: [5]",
            "dims: [5, 1] reshape { shape: [4] }",
            ("error", "output-dims", "reshape shape: [ 5 ]"),
        ),
        ("dims: [3, 8, 8]", "dims: [3, 8, -1]", ("error", "input-dims", "dims: [ 3, 8, 8 ]")),
        ("dims: [3, 8, 8]", "dims: [8, 8, 3]", ("error", "input-dims", "dims: [ 3, 8, 8 ]")),
        (
            '"scores" data_type: TYPE_FP32',
            '"scores"',
            ("error", "output-type", "data_type: TYPE_FP32"),
        ),
        (
            "TYPE_FP32 dims: [3",
            "TYPE_FP16 dims: [3",
            ("error", "input-type", "data_type: TYPE_FP32"),
        ),
        (
            '"scores"',
            '"score"',
            ("error", "output-unknown", "take 'score' out, or correct its name"),
        ),
        (
            "dims: [3, 8, 8] }",
            "dims: [3, 8, 8] optional: true }",
            ("error", "optional", "optional: false"),
        ),
        (
            "max_batch_size",
            'platform: "tensorrt_plan" max_batch_size',
            ("error", "backend", 'backend: "onnxruntime"'),
        ),
    ],
)
def test_each_difference_is_found_with_the_line_that_mends_it(tiny, old, new, expected):
    assert old in BATCHED
    assert expected in brief(tiny, BATCHED.replace(old, new))


def test_a_reshape_that_fits_is_no_finding(tiny):
    text = BATCHED.replace("dims: [5]", "dims: [1, 5] reshape { shape: [5] }")
    assert found(tiny, text) == ()


def test_an_input_that_is_missing_or_too_many_is_counted(tiny):
    without = BATCHED.replace(
        "input {", "batch_input { } input { name: 'other' data_type: TYPE_FP32 }\ninput {"
    )
    rules = [finding.rule for finding in found(tiny, without)]
    assert rules == ["input-count", "input-unknown"]
    missing = BATCHED.replace('"image"', '"other" optional: true')
    (count, *_) = found(tiny, missing)
    assert count.says == "the configuration brings 0 inputs but the model reads 1: 'image'"
    assert count.fix == 'input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] } ]'


def test_a_name_other_than_the_folder_is_refused(tiny):
    text = f'name: "face" {BATCHED}'
    assert found(tiny, text, folder="face") == ()
    assert brief(tiny, text, folder="fase") == [("error", "name", 'name: "fase"')]


def test_outputs_that_are_left_to_the_file_are_a_surprise_in_wait(tiny):
    text = BATCHED.partition("output")[0]
    assert brief(tiny, text) == [
        (
            "warning",
            "no-outputs",
            'output [ { name: "scores" data_type: TYPE_FP32 dims: [ 5 ] } ]',
        )
    ]


def with_output(value):
    """tiny with one more output, of any declared type."""
    proto = tiny_model().proto
    if value.type.WhichOneof("value") == "tensor_type" and value.name == "first":
        proto.graph.node.append(helper.make_node("Shape", ["flat"], ["first"]))
    if value.type.WhichOneof("value") == "sequence_type":
        proto.graph.node.append(helper.make_node("SplitToSequence", ["flat"], [value.name]))
    proto.graph.output.append(value)
    return Model(proto)


FIXED = helper.make_tensor_value_info("first", TensorProto.INT64, ["k"])


def test_every_output_is_looked_at_for_an_open_first_size():
    model = with_output(FIXED)
    assert [f.level for f in found(model, BATCHED)] == ["warning"]  # nobody asks for it today
    assert "first int64[2]" in found(model, BATCHED)[0].says
    asked = BATCHED + 'output { name: "first" data_type: TYPE_INT64 dims: [ ] }'
    assert [(f.level, f.rule) for f in found(model, asked)] == [("error", "batch")]
    completed = BATCHED.partition("output")[0]  # the server looks at all of them then
    assert ("error", "batch") in [(f.level, f.rule) for f in found(model, completed)]
    assert [f.rule for f in found(model, WHOLE)] == []


def test_a_sequence_keeps_the_whole_file_from_loading():
    sequence = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    model = with_output(sequence)
    assert "not-a-tensor" in [f.rule for f in found(model, BATCHED) if f.level == "error"]
    assert "is a sequence" in found(model)[0].says


def test_a_fixed_batch_cannot_be_batched():
    rules = [(f.level, f.rule) for f in found(tiny_model(batch=1), BATCHED)]
    assert rules == [("error", "batch"), ("error", "batch")]
    assert brief(tiny_model(batch=1))[0][2] == "onnxprobe batch model.onnx -o dynamic.onnx"


@pytest.mark.parametrize("batch", ["N", 1, 3, None])
def test_shapes_are_those_that_onnx_runtime_reports(batch):
    for model in (tiny_model(batch=batch), with_output(FIXED)):
        session = Session(model)
        for ours, theirs in zip(
            (*seen.inputs(model), *seen.outputs(model)),
            (*session.inputs, *session.outputs),
            strict=True,
        ):
            assert (ours.name, ours.dtype, seen.sizes(ours)) == (
                theirs.name,
                theirs.dtype,
                seen.sizes(theirs),
            )


def test_a_scalar_is_declared_with_one():
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["x"], ["y"], keepdims=0)],
        "scalar",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [])],
    )
    model = Model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    )
    text = 'input {{ name: "x" data_type: TYPE_FP32 dims: 2 }} output {{ name: "y" data_type: TYPE_FP32 dims: {} }}'
    assert found(model, text.format("1")) == ()
    assert brief(model, text.format("2")) == [("error", "output-dims", "dims: [ 1 ]")]


def test_what_tensorrt_leaves_out_is_named_where_it_is_the_accelerator(tiny):
    proto = tiny_model().proto
    proto.graph.node.append(helper.make_node("NonZero", ["scores"], ["where"]))
    model = Model(proto)
    accelerated = BATCHED + (
        'optimization { execution_accelerators { gpu_execution_accelerator { name: "tensorrt" } } }'
    )
    assert [f.rule for f in found(model, accelerated)] == ["size-at-run-time"]
    assert found(model, BATCHED) == ()
    assert found(tiny, accelerated) == ()


def open_height():
    """tiny with an output whose height nobody knows."""
    proto = tiny_model().proto
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    proto.graph.output.append(
        helper.make_tensor_value_info("block", TensorProto.FLOAT, ["N", 4, "height", 8])
    )
    return Model(proto)


def test_a_size_that_the_file_leaves_open_may_be_any_of_an_input_and_none_of_an_output():
    output = 'output { name: "block" data_type: TYPE_FP32 dims: [4, %s, 8] }'
    assert found(open_height(), BATCHED + output % "-1") == ()
    assert brief(open_height(), BATCHED + output % "8") == [
        ("error", "output-dims", "dims: [ 4, -1, 8 ]")
    ]


def test_a_ragged_input_is_laid_out_by_the_server():
    ragged = BATCHED.replace("dims: [3, 8, 8]", "dims: [-1] allow_ragged_batch: true")
    assert found(tiny_model(), ragged) == ()


def test_controls_and_states_of_a_sequence_are_inputs_too():
    proto = tiny_model().proto
    for name in ("start", "memory"):
        proto.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 1]))
    sequence = """
    sequence_batching {
      control_input { name: "start" control { kind: CONTROL_SEQUENCE_START fp32_false_true: [0, 1] } }
      state { input_name: "memory" output_name: "after" }
    }"""
    assert found(Model(proto), BATCHED + sequence) == ()
    assert [f.rule for f in found(Model(proto), BATCHED)] == ["input-count"]
