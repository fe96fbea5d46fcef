"""Fused models of a few nodes, whose answers follow from how bright a picture is."""

import json

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess

SEEN = Preprocess(size=(8, 8), mean=(127.5,), std=(127.5,))
ONE_HEAD = [{"prefix": "domain", "kind": "detectors", "classes": ["dark", "bright"]}]


def fused(heads=ONE_HEAD, prefixes=("domain",), *, metadata=True):
    """Says of each picture class 1 where its mean is above the middle, else none."""
    n, nodes, outputs = helper.make_node, [], []
    for prefix in prefixes:
        nodes += [
            n("ReduceMean", ["image"], [f"{prefix}_all"], axes=[1, 2, 3], keepdims=0),
            n("Unsqueeze", [f"{prefix}_all", "one"], [f"{prefix}_mean"]),
            n("Greater", [f"{prefix}_mean", "zero"], [f"{prefix}_above"]),
            n("Where", [f"{prefix}_above", "one", "none"], [f"{prefix}_id"]),
            n("Sigmoid", [f"{prefix}_mean"], [f"{prefix}_confidence"]),
        ]
        outputs += [
            helper.make_tensor_value_info(f"{prefix}_id", TensorProto.INT64, ["N", 1]),
            helper.make_tensor_value_info(f"{prefix}_confidence", TensorProto.FLOAT, ["N", 1]),
        ]
    constants = [
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("none", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])
    graph = helper.make_graph(nodes, "fused", [image], outputs, constants)
    opset = helper.make_opsetid("", 13)
    proto = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    if metadata:
        said = {"onnxprobe.heads": json.dumps(heads), "onnxprobe.preprocess": SEEN.to_json()}
        helper.set_model_props(proto, said)
    return Model(proto)


def detecting(levels, *, sample=None, threshold=0.5):
    """Has a detector for each of ``levels``: is the mean of the picture, −1 to 1, above it?"""
    n, count = helper.make_node, len(levels)
    nodes = [
        n("ReduceMean", ["image"], ["flat"], axes=[1, 2, 3], keepdims=0),
        n("Unsqueeze", ["flat", "one"], ["mean"]),
        n("Sub", ["mean", "levels"], ["above"]),
        n("Mul", ["above", "steep"], ["logits"]),
        n("Sigmoid", ["logits"], ["domain_scores"]),
        n("ReduceMax", ["domain_scores"], ["domain_confidence"], axes=[1], keepdims=1),
        n("ArgMax", ["domain_scores"], ["first"], axis=1, keepdims=1),
        n("Greater", ["domain_confidence", "threshold"], ["found"]),
        n("Where", ["found", "first", "none"], ["domain_id"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(levels, np.float32)[None], "levels"),
        numpy_helper.from_array(np.array(100, np.float32), "steep"),
        numpy_helper.from_array(np.array(threshold, np.float32), "threshold"),
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("none", TensorProto.INT64, [1], [-1]),
    ]
    outputs = [
        helper.make_tensor_value_info("domain_scores", TensorProto.FLOAT, ["N", count]),
        helper.make_tensor_value_info("domain_id", TensorProto.INT64, ["N", 1]),
        helper.make_tensor_value_info("domain_confidence", TensorProto.FLOAT, ["N", 1]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])
    graph = helper.make_graph(nodes, "fused", [image], outputs, constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    head = {
        "prefix": "domain",
        "kind": "detectors",
        "classes": [f"domain {i}" for i in range(count)],
        "threshold": [threshold] * count,
    }
    if sample is not None:
        head["sample"] = {"pictures": sample[0], "sizes": list(sample[1])}
    said = {"onnxprobe.heads": json.dumps([head]), "onnxprobe.preprocess": SEEN.to_json()}
    helper.set_model_props(proto, said)
    return Model(proto)
