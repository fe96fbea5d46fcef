import pytest
from onnx import ModelProto, TensorProto, helper
from tiny import tiny_model

from onnxprobe.errors import VersionError
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model


def with_optional():
    """A mask that callers may leave out is added where it is given."""
    proto = ModelProto()
    proto.CopyFrom(tiny_model(opset=18).proto)
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, None))
    proto.graph.input.append(helper.make_value_info("mask", kind))
    proto.graph.output.append(helper.make_tensor_value_info("given", TensorProto.BOOL, []))
    proto.graph.node.append(helper.make_node("OptionalHasElement", ["mask"], ["given"]))
    return Model(proto)


def test_an_input_that_is_no_tensor_is_declared_as_it_was():
    model = with_optional()
    part = extract(model, inputs=["flat", "mask"], outputs=model.outputs)
    assert part.inputs == ("flat", "mask")
    assert part.proto.graph.input[1] == model.proto.graph.input[1]


def test_two_versions_of_the_opset_are_said_to_be_repairable():
    proto = ModelProto()
    proto.CopyFrom(tiny_model().proto)
    proto.opset_import.append(helper.make_opsetid("ai.onnx", 16))
    with pytest.raises(VersionError, match=r"imports 16, 17 as its opset.*: onnxprobe repair"):
        _ = Model(proto).opset
