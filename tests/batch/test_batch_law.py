"""Whatever is not refused is right: random graphs, together against alone."""

import numpy as np
import onnx
import pytest
from batch_cases import together_is_alone
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.errors import BatchError
from onnxprobe.graph.model import Model


class Drawn:
    """A random graph of a fixed batch, whose shapes are known as it grows."""

    def __init__(self, draw, batch):
        self.draw, self.batch = draw, batch
        self.nodes, self.constants = [], []
        self.shape = (batch, *draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
        self.start, self.here = self.shape, "x"

    def op(self, op, *others, shape, **attributes):
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, [self.here, *others], [out], name=out, **attributes))
        self.here, self.shape = out, tuple(shape)

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def data(self, shape):
        values = np.random.default_rng(len(self.constants)).normal(size=shape)
        return self.constant(values.astype(np.float32))

    def axis(self):
        return self.draw(st.integers(0, len(self.shape) - 1))

    def model(self):
        ends = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("x", self.start), (self.here, self.shape))
        ]
        graph = helper.make_graph(self.nodes, "drawn", ends[:1], ends[1:], self.constants)
        opsets = [helper.make_opsetid("", 17)]
        return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def reshape(g):
    sizes = [f for size in g.shape for f in factors(size)]
    cuts = g.draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    new = [1]
    for size, cut in zip(sizes, cuts, strict=True):
        if cut:
            new.append(size)
        else:
            new[-1] *= size
    new = new[1:] if new[0] == 1 and len(new) > 1 and g.draw(st.booleans()) else new
    written = list(new)
    if g.draw(st.booleans()):
        written[g.draw(st.integers(0, len(new) - 1))] = -1
    g.op("Reshape", g.constant(np.array(written, np.int64)), shape=new)


def factors(size):
    return [2] * (size.bit_length() - 1) if size in (2, 4, 8, 16) else [size]


def transpose(g):
    order = g.draw(st.permutations(range(len(g.shape))))
    g.op("Transpose", shape=[g.shape[i] for i in order], perm=order)


def matmul(g):
    width = g.draw(st.integers(1, 4))
    if len(g.shape) > 1:
        g.op("MatMul", g.data((g.shape[-1], width)), shape=(*g.shape[:-1], width))


def self_product(g):
    if len(g.shape) > 2:
        order = [*range(len(g.shape) - 2), len(g.shape) - 1, len(g.shape) - 2]
        here = g.here
        g.op("Transpose", shape=[g.shape[i] for i in order], perm=order)
        turned, rows = g.here, g.shape[-1]
        g.here = here
        g.op("MatMul", turned, shape=(*g.shape[:-2], rows, rows))


def add(g):
    shape = [size if g.draw(st.booleans()) else 1 for size in g.shape]
    while len(shape) > 1 and shape[0] == 1 and g.draw(st.booleans()):
        shape = shape[1:]
    g.op("Add", g.data(shape), shape=g.shape)


def softmax(g):
    g.op("Softmax", axis=g.axis(), shape=g.shape)


def reduce(g):
    axis, keep = g.axis(), g.draw(st.integers(0, 1))
    shape = [1 if i == axis else n for i, n in enumerate(g.shape) if i != axis or keep]
    if shape:
        g.op("ReduceMean", axes=[axis], keepdims=keep, shape=shape)


def concat(g):
    axis = g.axis()
    shape = list(g.shape)
    shape[axis] = 2
    grown = [n + 2 if i == axis else n for i, n in enumerate(g.shape)]
    g.op("Concat", g.data(shape), axis=axis, shape=grown)


def twice(g):
    """Join a tensor to itself along an axis."""
    axis = g.axis()
    g.op("Concat", g.here, axis=axis, shape=[n * (1 + (i == axis)) for i, n in enumerate(g.shape)])


def token(g):
    """Put the same in front of each row, or something else."""
    axis = g.axis()
    shape = [1 if i == axis else n for i, n in enumerate(g.shape)]
    kept = [1 if i == g.draw(st.sampled_from([0, 0, axis])) else n for i, n in enumerate(shape)]
    rows = np.random.default_rng(1).normal(size=kept).astype(np.float32)
    here, g.here = g.here, g.constant(np.broadcast_to(rows, shape))
    shape[axis] += g.shape[axis]
    g.op("Concat", here, axis=axis, shape=shape)


def first(g):
    """Take the first rows, and a place along another axis."""
    if len(g.shape) > 1:
        axis, end = 1 + g.draw(st.integers(0, len(g.shape) - 2)), g.draw(st.integers(1, g.shape[0]))
        bounds = [g.constant(np.array([n])) for n in (0, end, 0)]
        g.op("Slice", *bounds, shape=(end, *g.shape[1:]))
        kept = [n for i, n in enumerate(g.shape) if i != axis]
        g.op(
            "Gather",
            g.constant(np.array(g.draw(st.sampled_from([0, 0, -1])))),
            axis=axis,
            shape=kept,
        )


def half(g):
    """Take the first or the second half along an axis, by Slice or by Split."""
    axis = g.axis()
    size, second = g.shape[axis] // 2, g.draw(st.integers(0, 1))
    if not size or g.shape[axis] % 2:
        return
    shape = [size if i == axis else n for i, n in enumerate(g.shape)]
    if g.draw(st.booleans()):
        bounds = [g.constant(np.array([n])) for n in (second * size, (1 + second) * size, axis)]
        g.op("Slice", *bounds, shape=shape)
    else:
        g.op("Split", g.constant(np.array([size, size])), axis=axis, shape=shape)
        g.nodes[-1].output.insert(1 - second, f"{g.here}/other")


def squeeze(g):
    axes = [i for i, n in enumerate(g.shape) if n == 1]
    if axes and len(axes) < len(g.shape):
        g.op("Squeeze", shape=[n for n in g.shape if n != 1])


def unsqueeze(g):
    axis = g.draw(st.integers(0, len(g.shape)))
    g.op("Unsqueeze", g.constant(np.array([axis])), shape=[*g.shape[:axis], 1, *g.shape[axis:]])


def slices(g):
    axis = g.axis()
    end = g.draw(st.sampled_from([g.shape[axis], 99]))
    arguments = [g.constant(np.array([n])) for n in (0, end, axis)]
    g.op("Slice", *arguments, shape=g.shape)


def flatten(g):
    axis = g.draw(st.integers(0, len(g.shape)))
    shape = int(np.prod(g.shape[:axis])), int(np.prod(g.shape[axis:]))
    g.op("Flatten", axis=axis, shape=shape)


def gather(g):
    axis = g.axis()
    places = np.array(g.draw(st.lists(st.integers(0, g.shape[axis] - 1), min_size=1, max_size=3)))
    shape = [len(places) if i == axis else n for i, n in enumerate(g.shape)]
    g.op("Gather", g.constant(places), axis=axis, shape=shape)


def expand(g):
    axis = g.axis()
    if g.shape[axis] == 1:
        shape = [3 if i == axis else n for i, n in enumerate(g.shape)]
        g.op("Expand", g.constant(np.array(shape, np.int64)), shape=shape)


def strides(g):
    """Look numbers of the flattened tensor up as ``as_strided`` does; sometimes in other pictures."""
    rows, times = g.shape[0], int(np.prod(g.shape[1:]))
    own = np.array(g.draw(st.lists(st.integers(0, times - 1), min_size=1, max_size=4)))
    step = g.draw(st.sampled_from([times, times, times, 0]))
    places = own + np.arange(rows)[:, None] * step
    places = places if g.draw(st.booleans()) else places.T
    g.op("Reshape", g.constant(np.array([-1])), shape=(rows * times,))
    g.op("Gather", g.constant(places), shape=places.shape)


def write(g):
    """Write the same, or something else, into a row of each picture, or of one alone."""
    if len(g.shape) > 1:
        places = np.array([[row, g.shape[1] - 1] for row in range(g.shape[0])])
        places = places[: g.draw(st.sampled_from([g.shape[0], g.shape[0], 1]))]
        rows = np.random.default_rng(0).normal(size=(len(places), *g.shape[2:])).astype(np.float32)
        if g.draw(st.booleans()):
            rows[:] = rows[0]
        g.op("ScatterND", g.constant(places), g.constant(rows), shape=g.shape)


STEPS = [
    reshape, transpose, matmul, self_product, add, softmax, reduce, concat, squeeze, unsqueeze,
    slices, flatten, gather, expand, strides, write, twice, half, token, first,
]  # fmt: skip


@st.composite
def graphs(draw):
    g = Drawn(draw, draw(st.sampled_from([1, 1, 2, 3])))
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=6)):
        if np.prod(g.shape) < 2000:
            step(g)
    if not g.nodes:
        g.op("Neg", shape=g.shape)
    return g.model()


def check(model):
    note(onnx.printer.to_text(model.proto))
    try:
        together_is_alone(model)
    except BatchError:
        event("refused")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_what_is_made_dynamic_answers_for_each_picture_alone(model):
    check(model)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_what_is_made_dynamic_answers_for_each_picture_alone_at_length(model):
    check(model)
