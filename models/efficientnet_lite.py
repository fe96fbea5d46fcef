"""EfficientNet-Lite0 as ONNX nodes around the weights of a checkpoint.

The network is the mobile inverted bottleneck stack of Tan and Le 2019 (arXiv:1905.11946, table 1)
without squeeze-and-excitation and with ReLU6 for swish, which is what "Lite" means. Widths, kernel
sizes and expansion come from the weights; only repeats and strides are written here. Batch
normalisations stay nodes of their own: this is what an exported network looks like.
"""

from collections.abc import Mapping
from itertools import count, islice
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import OnnxprobeError

OPSET: Final = 13
IR_VERSION: Final = 8
SIZE: Final = 224
STAGES: Final = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""Of each stage: how many blocks, and the stride of the first; the others have stride 1."""

_EPSILON: Final = 1e-3
_TRAINING_ONLY: Final = "num_batches_tracked"

Weights = Mapping[str, NDArray[Any]]


def efficientnet_lite0(weights: Weights) -> onnx.ModelProto:
    """Return the network: ``input`` ``[N, 3, 224, 224]`` to ``logits`` ``[N, classes]``.

    Tensors are named after their place, as in ``blocks.3.expand.relu6``; the last map is
    ``head.relu6``.

    Raises:
        OnnxprobeError: ``weights`` has a tensor that the network does not use.
    """
    net = _Network(weights)
    x = net.conv("stem", "input", "_conv_stem", stride=2)
    x = net.norm_relu("stem", x, "_bn0")
    numbers = count()
    for repeats, stride in STAGES:
        x = _block(net, next(numbers), x, stride=stride)
        for index in islice(numbers, repeats - 1):
            x = net.op("Add", f"blocks.{index}.add", _block(net, index, x, stride=1), x)
    x = net.conv("head", x, "_conv_head")
    x = net.norm_relu("head", x, "_bn1")
    x = net.op("GlobalAveragePool", "pool", x)
    x = net.op("Flatten", "flat", x, axis=1)
    net.op("Gemm", "logits", x, net.weight("_fc.weight"), net.weight("_fc.bias"), transB=1)
    return net.model("efficientnet-lite0", classes=len(weights["_fc.bias"]))


def _block(net: "_Network", index: int, x: str, *, stride: int) -> str:
    """Expand, filter each channel by itself, project: a block without its residual."""
    here, there = f"blocks.{index}", f"_blocks.{index}"
    if f"{there}._expand_conv.weight" in net.weights:
        x = net.conv(f"{here}.expand", x, f"{there}._expand_conv")
        x = net.norm_relu(f"{here}.expand", x, f"{there}._bn0")
    channels = len(net.weights[f"{there}._depthwise_conv.weight"])
    x = net.conv(f"{here}.depthwise", x, f"{there}._depthwise_conv", stride=stride, group=channels)
    x = net.norm_relu(f"{here}.depthwise", x, f"{there}._bn1")
    x = net.conv(f"{here}.project", x, f"{there}._project_conv")
    return net.norm(f"{here}.project", x, f"{there}._bn2")


class _Network:
    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def op(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name: str) -> str:
        return self._constant(name, self.weights[name])

    def conv(self, name: str, x: str, source: str, *, stride: int = 1, group: int = 1) -> str:
        kernel = self.weights[f"{source}.weight"].shape[-1]
        # TensorFlow's SAME, which puts the odd pixel last. Every map with a stride of 2 has an even
        # side (224, 112, 56, 28, 14), so the padding does not depend on it.
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        return self.op(
            "Conv",
            f"{name}.conv",
            x,
            self.weight(f"{source}.weight"),
            group=group,
            kernel_shape=[kernel, kernel],
            pads=[before, before, after, after],
            strides=[stride, stride],
        )

    def norm(self, name: str, x: str, source: str) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        statistics = [self.weight(f"{source}.{part}") for part in parts]
        return self.op("BatchNormalization", f"{name}.norm", x, *statistics, epsilon=_EPSILON)

    def norm_relu(self, name: str, x: str, source: str) -> str:
        zero, six = self._constant("zero", np.float32(0)), self._constant("six", np.float32(6))
        return self.op("Clip", f"{name}.relu6", self.norm(name, x, source), zero, six)

    def model(self, name: str, *, classes: int) -> onnx.ModelProto:
        unused = {key for key in self.weights if _TRAINING_ONLY not in key} - set(self._constants)
        if unused:
            raise OnnxprobeError(
                f"{name} has no place for {len(unused)} of the weights, first {min(unused)!r}; "
                "convert the checkpoint of this network, not of a relative"
            )
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, SIZE, SIZE])],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])],
            list(self._constants.values()),
        )
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)

    def _constant(self, name: str, array: NDArray[Any] | np.float32) -> str:
        dense = np.asarray(array, np.float32, order="C")
        self._constants.setdefault(name, numpy_helper.from_array(dense, name))
        return name
