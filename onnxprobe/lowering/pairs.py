"""One against one: every pair of classes has a margin, and the classes are ranked by votes."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer


def signs(count: int) -> NDArray[np.float64]:
    """Return ``(K, P)``: 1 where a pair has the class first, −1 where second.

    >>> signs(3)
    array([[ 1.,  1.,  0.],
           [-1.,  0.,  1.],
           [ 0., -1., -1.]])
    """
    table = np.zeros((count, count * (count - 1) // 2))
    for pair, (first, second) in enumerate(combinations(range(count), 2)):
        table[first, pair], table[second, pair] = 1, -1
    return table


def votes(for_first: str, count: int) -> Flow:
    """Count the pairs each class wins, ``(N, K)``, from 1 where a pair's first does, else 0."""
    table = signs(count)
    return Flow(for_first, table.shape[1]).then(Affine.of(table, (table < 0).sum(axis=1)))


def ranked(write: Writer, for_first: str, confidence: Flow, count: int) -> tuple[Flow, str]:
    """Write votes, ties broken by confidence: how scikit-learn makes one margin a class of pairs.

    Returned with it is what ranks the classes alike: the confidence of those with most votes, which
    stays apart where it is so large that the margins round to the same.

    Args:
        write: the graph.
        for_first: ``(N, P)``, 1 where the first class of a pair wins, else 0.
        confidence: ``(N, P)``, how sure each pair is of its first class.
        count: K.
    """
    total = write.settled(confidence.then(Affine.of(signs(count))))
    size = write.op(
        "Mul", write.op("Add", write.op("Abs", total), write.array(1.0)), write.array(3.0)
    )
    tie = write.op("Div", total, size)
    won = write.settled(votes(for_first, count))
    fewer = write.op("Less", won, write.reduce("ReduceMax", won, [1], keepdims=1))
    ranking = write.op("Where", fewer, write.array(np.finfo(np.float32).min), total)
    return Flow(write.op("Add", won, tie), count), ranking
