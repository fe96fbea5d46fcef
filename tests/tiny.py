"""A model of a handful of nodes, built in code for any opset, IR version and batch."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model


def weight(name, *shape):
    values = np.random.default_rng(sum(shape)).normal(size=shape) / np.sqrt(np.prod(shape[1:]) or 1)
    return numpy_helper.from_array(values.astype(np.float32), name)


def tiny_model(opset=17, ir_version=8, batch="N"):
    """conv -> relu -> +skip -> mean -> gemm: small, with one residual branch."""
    n = helper.make_node
    pooled = [n("GlobalAveragePool", ["block"], ["pooled"]), n("Flatten", ["pooled"], ["flat"])]
    weights = [
        weight("w1", 4, 3, 3, 3),
        weight("w2", 4, 4, 3, 3),
        weight("w3", 4, 5),
        weight("b3", 5),
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 3, 8, 8])]
    if ir_version < 4:
        inputs += [helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in weights]
    graph = helper.make_graph(
        [
            n("Conv", ["image", "w1"], ["stem"], name="conv1", pads=[1, 1, 1, 1]),
            n("Conv", ["stem", "w2"], ["branch"], name="conv2", pads=[1, 1, 1, 1]),
            n("Relu", ["branch"], ["gate"], name="relu"),
            n("Add", ["stem", "gate"], ["block"], name="add"),
            *pooled,
            n("Gemm", ["flat", "w3", "b3"], ["scores"], name="gemm"),
        ],
        "tiny",
        inputs,
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, 5])],
        weights,
    )
    proto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version
    )
    proto.metadata_props.add(key="owner", value="somebody")
    return Model(proto)
