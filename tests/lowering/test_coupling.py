from itertools import combinations

import numpy as np
import pytest

from onnxprobe.graph.value import Value
from onnxprobe.lowering.coupling import coupled
from onnxprobe.lowering.pairs import signs
from onnxprobe.lowering.writer import Writer
from onnxprobe.runtime import run


def slow(first, count):
    """The slow twin: Wu, Lin and Weng's second method, one sample and one class at a time."""
    r = np.zeros((count, count))
    for value, (i, j) in zip(first, combinations(range(count), 2), strict=True):
        r[i, j] = min(max(value, 1e-7), 1 - 1e-7)
        r[j, i] = 1 - r[i, j]
    q = -r * r.T
    for t in range(count):
        q[t, t] = sum(r[j, t] ** 2 for j in range(count) if j != t)
    p = np.full(count, 1 / count)
    for _ in range(max(100, count)):
        qp = q @ p
        pqp = p @ qp
        if np.abs(qp - pqp).max() < 0.005 / count:
            break
        for t in range(count):
            step = (pqp - qp[t]) / q[t, t]
            p[t] += step
            pqp = (pqp + step * (step * q[t, t] + 2 * qp[t])) / (1 + step) ** 2
            qp = (qp + step * q[:, t]) / (1 + step)
            p /= 1 + step
    return p


@pytest.mark.parametrize("opset", [9, 13, 18])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_pairs_are_coupled_as_libsvm_couples_them(count, opset):
    pairs = count * (count - 1) // 2
    first = np.random.default_rng(count).uniform(size=(40, pairs)).astype(np.float32)
    first[0], first[1] = 0.0, 1.0
    write = Writer(opset, precision="float32", rules={})
    write.op("Identity", coupled(write, "first", count), out="p")
    ends = [Value("first", "float32", ("N", pairs)), Value("p", "float32", ("N", count))]
    got = run(write.model("coupling", ends[:1], ends[1:], ir_version=8), {"first": first})["p"]
    np.testing.assert_allclose(
        got, [slow(row.astype(np.float64), count) for row in first], atol=1e-6
    )


def test_each_pair_has_one_class_first_and_one_second():
    table = signs(4)
    np.testing.assert_array_equal(table.sum(axis=0), 0)
    np.testing.assert_array_equal(np.abs(table).sum(axis=0), 2)
    np.testing.assert_array_equal(np.abs(table).sum(axis=1), 3)
