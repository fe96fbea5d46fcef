"""Probabilities of K classes from those of all pairs, as libsvm couples them.

Wu, Lin and Weng 2004, "Probability estimates for multi-class classification by pairwise coupling",
the second method: p minimises p' Q p on the simplex, by rounds of one update a class, which stop
when no class is off by more than 0.005 / K. Where libsvm stops matters in the third digit, so the
rounds are written as a Loop that leaves a row alone once it is done.
"""

from itertools import combinations
from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from onnxprobe.graph.value import Value
from onnxprobe.lowering.writer import Writer

_LEAST: Final = 1e-7
_CLOSE: Final = 0.005
_ROUNDS: Final = 100


def coupled(write: Writer, for_first: str, count: int) -> str:
    """Write the probabilities ``(N, K)`` from ``(N, P)``, that of the first class of each pair.

    Computed in float64: the entries of Q go down to 1e-14.
    """
    sure = write.op("Max", write.cast(for_first, "float64"), _wide(write, _LEAST))
    first = write.op("Min", sure, _wide(write, 1 - _LEAST))
    second = write.op("Sub", _wide(write, 1.0), first)
    q = _quadratic_form(write, first, second, count)
    start = write.op("Mul", write.slice(q, [0], [1], [2]), _wide(write, 0.0))
    start = write.op("Add", start, _wide(write, 1 / count))
    rounds = write.op("Constant", value=_scalar(max(_ROUNDS, count), np.int64))
    go_on = write.op("Constant", value=_scalar(1, np.bool_))
    body = _round(write, q, count)
    done = write.op("Loop", rounds, go_on, start, body=body)
    return write.cast(write.squeeze(done, [2]), write.precision)


def _quadratic_form(write: Writer, first: str, second: str, count: int) -> str:
    """Q ``(N, K, K)``: sums of squares of the others' wins on the diagonal, −r_ij r_ji beside it."""
    pairs = list(combinations(range(count), 2))
    beside, of_first, of_second = (np.zeros((len(pairs), count * count)) for _ in range(3))
    for pair, (i, j) in enumerate(pairs):
        beside[pair, i * count + j] = beside[pair, j * count + i] = -1
        of_first[pair, j * count + j] = 1  # r_ij is what i wins against j
        of_second[pair, i * count + i] = 1
    parts = [
        write.op("MatMul", write.op("Mul", a, b), _wide(write, table))
        for a, b, table in (
            (first, second, beside),
            (first, first, of_first),
            (second, second, of_second),
        )
    ]
    total = write.op("Add", write.op("Add", parts[0], parts[1]), parts[2])
    return write.op("Reshape", total, write.integers([-1, count, count]))


def _round(write: Writer, q: str, count: int) -> onnx.GraphProto:
    """One round over all classes; ``q`` is read from the graph around."""
    body = Writer(write.opset, precision="float64", rules={})
    body.prefix = f"{q}/"
    ends = [body.prefix + name for name in ("round", "go_on", "p", "still", "next")]
    iteration, go_on, p, still, after = ends
    qp = body.op("MatMul", q, p)
    pqp = body.reduce("ReduceSum", body.op("Mul", p, qp), [1], keepdims=1)
    off = body.op("Abs", body.op("Sub", qp, pqp))
    worst = body.reduce("ReduceMax", off, [1], keepdims=1)
    active = body.op("Not", body.op("Less", worst, _wide(body, _CLOSE / count)))
    new = p
    for k in range(count):
        column = body.slice(q, [k], [k + 1], [2])
        own = body.slice(column, [k], [k + 1], [1])
        at = body.slice(qp, [k], [k + 1], [1])
        step = body.op("Div", body.op("Sub", pqp, at), own)
        scale = body.op("Add", step, _wide(body, 1.0))
        inner = body.op("Add", body.op("Mul", step, own), body.op("Add", at, at))
        grown = body.op("Add", pqp, body.op("Mul", step, inner))
        pqp = body.op("Div", body.op("Div", grown, scale), scale)
        qp = body.op("Div", body.op("Add", qp, body.op("Mul", step, column)), scale)
        unit = _wide(body, np.eye(count)[k][:, None])
        new = body.op("Div", body.op("Add", new, body.op("Mul", step, unit)), scale)
    body.op("Where", active, new, p, out=after)
    any_left = body.reduce("ReduceMax", body.cast(active, "float64"), [0, 1, 2])
    body.op("Greater", any_left, _wide(body, 0.0), out=still)
    inputs = [Value(iteration, "int64", ()), Value(go_on, "bool", ()), Value(p, "float64", None)]
    outputs = [Value(still, "bool", ()), Value(after, "float64", None)]
    graph = body.model("round", inputs, outputs, ir_version=8).proto.graph
    constants = [
        helper.make_node("Constant", [], [tensor.name], name=tensor.name, value=tensor)
        for tensor in graph.initializer
    ]
    nodes = [*constants, *graph.node]
    return helper.make_graph(nodes, "round", list(graph.input), list(graph.output))


def _scalar(value: int, dtype: type) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(value, dtype))


def _wide(write: Writer, values: object) -> str:
    return write.constant(np.asarray(values, np.float64))
