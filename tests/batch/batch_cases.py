"""Small models of a fixed batch, and what several pictures at once give against each alone."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.batch import diagnose, dynamic
from onnxprobe.batch.diagnosis import outcome
from onnxprobe.graph.model import Model
from onnxprobe.runtime import Session

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def node(op, *inputs, out=None, domain="", outputs=None, **attributes):
    written = outputs or [out or op.lower()]
    return helper.make_node(
        op, inputs, written, name=out or op.lower(), domain=domain, **attributes
    )


def model(nodes, shape, constants=None, *, output=None, opset=17):
    """A model that reads ``x`` of ``shape``; what it returns has no declared shape."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    last = output or nodes[-1].output[0]
    result = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
    graph = helper.make_graph(
        nodes,
        "case",
        inputs,
        [result],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return Model(helper.make_model(graph, opset_imports=opsets, ir_version=8))


def together_is_alone(old):
    """Make ``old`` dynamic, fail if a picture's answer then depends on others; say what was done."""
    diagnosis = diagnose(old)
    new = dynamic(old, diagnosis)
    rows = outcome(diagnosis, old.outputs[0])
    sessions = Session(old), Session(new)
    for batch in (1, 2, 5):
        feeds = random_feeds(sessions[0].inputs, batch)
        at_once = sessions[1].run(feeds)[old.outputs[0]]
        if rows is None:
            continue
        for i in range(batch):
            alone = sessions[0].run(one_of(feeds, i, sessions[0].inputs))[old.outputs[0]]
            own = range(i * rows.times, (i + 1) * rows.times)
            np.testing.assert_allclose(
                at_once.take(own, rows.axis), alone.take(range(rows.times), rows.axis), 1e-5, 1e-6
            )
    return diagnosis


def random_feeds(inputs, batch):
    rng = np.random.default_rng(batch)
    feeds = {}
    for value in inputs:
        shape = (batch, *(d if isinstance(d, int) else 6 for d in value.shape[1:]))
        array = rng.normal(size=shape) if value.dtype == "float32" else rng.integers(0, 3, shape)
        feeds[value.name] = array.astype(value.dtype)
    return feeds


def one_of(feeds, i, inputs):
    written = {value.name: value.shape[0] for value in inputs}
    times = {name: n if isinstance(n, int) else 1 for name, n in written.items()}
    return {name: np.repeat(a[i : i + 1], times[name], 0) for name, a in feeds.items()}
