"""Building networks of real size without a single weight in memory or on disk."""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


@dataclass(frozen=True)
class Case:
    """A network and what should be picked in it.

    ``tips`` are the tensors that must be among the alternatives.
    """

    model: Model
    tensor: str | None
    shape: tuple[int | None, ...] | None = None
    role: str = "collapse"
    ambiguous: bool = False
    tips: tuple[str, ...] = ()


class Net:
    """Collects nodes; every method returns the name of the tensor it made."""

    def __init__(self, opset=17):
        self.opset = opset
        self.inputs, self.nodes, self.constants = [], [], []

    def input(self, name, shape, dtype=FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def weight(self, *dims):
        """A weight in a file that does not exist: nothing here may read it."""
        tensor = TensorProto(name=f"w{len(self.constants)}", dims=dims, data_type=FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="nowhere.bin")
        self.constants.append(tensor)
        return tensor.name

    def numbers(self, values, dtype=np.int64):
        tensor = numpy_helper.from_array(np.array(values, dtype), f"k{len(self.constants)}")
        self.constants.append(tensor)
        return tensor.name

    def number(self, value):
        return self.numbers(value, np.float32)

    def op(self, op, *inputs, out=None, domain="", **attributes):
        name = out or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, inputs, [name], name=f"/{name}", domain=domain, **attributes)
        )
        return name

    def split(self, x, *sizes):
        names = [f"split_{len(self.nodes)}_{i}" for i in range(len(sizes))]
        parts = helper.make_node("Split", [x, self.numbers(sizes)], names, axis=1)
        self.nodes.append(parts)
        return names

    def rounded(self, x):
        """Whole numbers, their scale and their zero point, taken from ``x`` when the model runs."""
        names = [f"rounded_{len(self.nodes)}_{i}" for i in range(3)]
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [x], names))
        return names

    def model(self, *outputs, functions=(), domains=()):
        ends = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "net", self.inputs, ends, self.constants)
        imports = [helper.make_opsetid("", self.opset)]
        imports += [helper.make_opsetid(domain, 1) for domain in domains]
        proto = helper.make_model(graph, opset_imports=imports, functions=functions, ir_version=8)
        return Model(proto)

    # layers

    def conv(self, x, c, to, k=1, stride=1, group=1, act="Relu", pad=None, out=None):  # noqa: PLR0913, PLR0917
        pads = [k // 2 if pad is None else pad] * 4
        size = {"kernel_shape": [k, k], "strides": [stride, stride], "pads": pads, "group": group}
        plain = out if act is None else None
        y = self.op(
            "Conv", x, self.weight(to, c // group, k, k), self.weight(to), out=plain, **size
        )
        return self.act(y, act, out)

    def act(self, x, act, out=None):
        if act is None:
            return x
        if act == "swish":
            return self.op("Mul", x, self.op("Sigmoid", x), out=out)
        return self.op(act, x, out=out)

    def linear(self, x, c, to, act=None, out=None):
        plain = out if act is None else None
        y = self.op("Add", self.op("MatMul", x, self.weight(c, to)), self.weight(to), out=plain)
        return self.act(y, act, out)

    def gemm(self, x, c, to, out=None):
        return self.op("Gemm", x, self.weight(to, c), self.weight(to), transB=1, out=out)

    def layer_norm(self, x, c, out=None):
        return self.op("LayerNormalization", x, self.weight(c), self.weight(c), axis=-1, out=out)

    def batch_norm(self, x, c, out=None):
        parts = [self.weight(c) for _ in range(4)]
        return self.op("BatchNormalization", x, *parts, out=out)

    def unit(self, x, out=None):
        norm = self.op("ReduceL2", x, axes=[-1], keepdims=1)
        return self.op("Div", x, norm, out=out)

    def classify(self, x, c, classes=1000):
        return self.gemm(self.op("Flatten", self.op("GlobalAveragePool", x)), c, classes)

    # blocks

    def squeeze_excite(self, x, c):
        z = self.conv(self.op("GlobalAveragePool", x), c, c // 4)
        return self.op("Mul", x, self.op("Sigmoid", self.conv(z, c // 4, c, act=None)))

    def attention(self, x, c, heads=12, bias=None):
        def split():
            y = self.op("Reshape", self.linear(x, c, c), self.numbers([0, -1, heads, c // heads]))
            return self.op("Transpose", y, perm=[0, 2, 1, 3])

        q, k, v = split(), split(), split()
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Div", scores, self.number(8.0))
        if bias is not None:
            scores = self.op("Add", scores, bias)
        y = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        y = self.op("Reshape", self.op("Transpose", y, perm=[0, 2, 1, 3]), self.numbers([0, -1, c]))
        return self.linear(y, c, c)

    def encoder(self, x, c, blocks=3, *, heads=12, out=None):
        for i in range(blocks):
            x = self.op("Add", x, self.attention(self.layer_norm(x, c), c, heads))
            y = self.linear(self.linear(self.layer_norm(x, c), c, 4 * c, "Relu"), 4 * c, c)
            x = self.op("Add", x, y, out=out if i == blocks - 1 else None)
        return x

    def patches(self, c=768, *, special=1):
        """Patches of 16, ``special`` tokens in front as torch exports them, positions added."""
        image = self.input("image", ["N", 3, 224, 224])
        size = {"kernel_shape": [16, 16], "strides": [16, 16]}
        x = self.op("Conv", image, self.weight(c, 3, 16, 16), **size)
        x = self.op("Reshape", x, self.numbers([0, c, -1]))
        x = self.op("Transpose", x, perm=[0, 2, 1])
        if special:
            batch = self.op("Gather", self.op("Shape", image), self.numbers(0))
            batch = self.op("Unsqueeze", batch, self.numbers([0]))
            shape = self.op("Concat", batch, self.numbers([special]), self.numbers([c]), axis=0)
            tokens = self.op("Expand", self.weight(1, special, c), shape)
            x = self.op("Concat", tokens, x, axis=1)
        return self.op("Add", x, self.weight(1, 196 + special, c))


def proto_of(model):
    """A copy that a test may change."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model.proto)
    return copy
