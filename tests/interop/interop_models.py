"""A model that has everything the libraries drop."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tiny import tiny_model

from onnxprobe.graph.model import Model


def rich_model(opset=17, ir_version=8):
    """The small network with descriptions, notes, a weight nobody reads, and a second domain."""
    proto = onnx.ModelProto()
    proto.CopyFrom(tiny_model(opset, ir_version).proto)
    proto.doc_string, proto.producer_name, proto.producer_version = "a model", "somebody", "7"
    proto.domain, proto.model_version = "org.somebody", 3
    proto.metadata_props.add(key="onnxprobe.preprocess", value='{"size": [8, 8]}')
    proto.opset_import.add(domain="ai.onnx.ml", version=3)
    graph = proto.graph
    graph.doc_string = "a graph"
    graph.metadata_props.add(key="made", value="by hand")
    graph.node[2].doc_string = "cuts off what is below zero"
    graph.node[2].metadata_props.add(key="layer", value="3")
    graph.input[0].doc_string = "a picture"
    graph.output[0].doc_string = "its scores"
    stem = helper.make_tensor_value_info("stem", TensorProto.FLOAT, ["N", 4, 8, 8], "the first")
    graph.value_info.append(stem)
    graph.initializer.append(numpy_helper.from_array(np.ones(3, np.float32), "unread"))
    if ir_version < 4:
        graph.input.append(helper.make_tensor_value_info("unread", TensorProto.FLOAT, [3]))
    note = graph.quantization_annotation.add(tensor_name="stem")
    note.quant_parameter_tensor_names.add(key="SCALE_TENSOR", value="unread")
    graph.quantization_annotation.add(tensor_name="pooled")
    return Model(proto)


def bytes_of(model):
    return model.proto.SerializeToString(deterministic=True)
