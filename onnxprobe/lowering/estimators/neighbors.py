"""Nearest neighbours: the samples that were fitted on are in the file, and each is compared with."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import shares
from onnxprobe.lowering.writer import Writer

_SPARE: Final = 16
"""How many more than asked for are compared exactly: a first look at all loses digits."""
_EUCLIDEAN: Final = 2


def _classified(write: Writer, estimator: Any, flow: Flow) -> Decision:
    if not _euclidean(write, estimator):
        decision: Decision = write.elsewhere(estimator, flow, "decide")
        return decision
    return _all_classified(write, estimator, flow)[0]


def _all_classified(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    if not _euclidean(write, estimator):
        raise LoweringError(
            f"{type(estimator).__name__} of several questions has a form with the euclidean metric only"
        )
    several = isinstance(estimator.classes_, list)
    classes = estimator.classes_ if several else [estimator.classes_]
    labels = np.asarray(estimator._y).reshape(len(estimator._y), -1)  # noqa: SLF001
    tables = [np.eye(len(seen))[labels[:, i]] for i, seen in enumerate(classes)]
    found = _weighed(write, estimator, flow, np.hstack(tables))
    ends = np.cumsum([0, *map(len, classes)])
    decisions = []
    for seen, begin, end in zip(classes, ends, ends[1:], strict=False):
        part = found if len(classes) == 1 else write.slice(found, [begin], [end], [1])
        share = shares(write, part, len(seen), empty=0.0)
        decisions.append(Decision.shared(seen, share))
    return tuple(decisions)


def _regressed(write: Writer, estimator: Any, flow: Flow) -> Flow:
    if not _euclidean(write, estimator):
        found: Flow = write.elsewhere(estimator, flow, "predict")
        return found
    values = np.asarray(estimator._y, np.float64).reshape(len(estimator._y), -1)  # noqa: SLF001
    # a column of ones adds up what the others are divided by
    sums = _weighed(write, estimator, flow, np.column_stack([values, np.ones(len(values))]))
    width = values.shape[1]
    total = write.slice(sums, [width], [width + 1], [1])
    return Flow(write.op("Div", write.slice(sums, [0], [width], [1]), total), width)


def _weighed(write: Writer, estimator: Any, flow: Flow, table: NDArray[Any]) -> str:
    """Write the rows of ``table`` ``(M, k)`` of the nearest samples, added up by their weights."""
    count = int(estimator.n_neighbors)
    squared, which = _nearest(write, estimator, flow, count)
    rows = write.op("Gather", write.array(table), which, axis=0)  # (N, n, k)
    weights = _weights(write, estimator, squared)
    return write.squeeze(write.op("MatMul", write.unsqueeze(weights, [1]), rows), [1])


def _nearest(write: Writer, estimator: Any, flow: Flow, count: int) -> tuple[str, str]:
    """Write the squared distances of the nearest, and which they are: a rough look, then an exact one."""
    points = np.asarray(_dense(estimator._fit_X), np.float64)  # noqa: SLF001
    x = write.settled(flow)
    middle = points.mean(axis=0)
    near = write.settled(Flow(x, flow.width).then(Affine.of(np.ones(flow.width), center=middle)))
    around = points - middle
    rough = Flow(near, flow.width).then(Affine.of(2 * around, -(around**2).sum(axis=1)))
    some = min(count + _SPARE, len(points))
    _, candidates = write.top(write.settled(rough), some)
    narrow = points.astype(write.precision)
    apart = write.op("Sub", write.unsqueeze(x, [1]), _rows(write, narrow, candidates))
    lost = points - narrow
    if np.abs(lost).max(initial=0) > 0:
        apart = write.op("Sub", apart, _rows(write, lost, candidates))
    squared = write.squeeze(
        write.reduce("ReduceSum", write.op("Mul", apart, apart), [2], keepdims=1), [2]
    )
    order = write.top(write.op("Neg", squared), count)
    # (N, n, some): GatherElements is not there before opset 11
    spots = write.picked(order[1], some)
    which = write.op("MatMul", spots, write.unsqueeze(write.cast(candidates, write.precision), [2]))
    return write.op("Neg", order[0]), write.cast(write.squeeze(which, [2]), "int64")


def _rows(write: Writer, values: NDArray[Any], which: str) -> str:
    return write.op("Gather", write.array(values), which, axis=0)


def _weights(write: Writer, estimator: Any, squared: str) -> str:
    """One for each, or 1 / distance; a sample at no distance counts alone."""
    if estimator.weights == "uniform":
        return write.op("Add", write.op("Mul", squared, write.array(0.0)), write.array(1.0))
    apart = write.op("Sqrt", squared)
    here = write.op("Not", write.op("Greater", apart, write.array(0.0)))
    any_here = write.op(
        "Greater",
        write.reduce("ReduceMax", write.yes_no(here), [1], keepdims=1),
        write.array(0.0),
    )
    inverse = write.op("Div", write.array(1.0), write.op("Where", here, write.array(1.0), apart))
    return write.op("Where", any_here, write.yes_no(here), inverse)


def _euclidean(write: Writer, estimator: Any) -> bool:
    """Tell whether there is a form here for the metric, once the samples may be in the file.

    Raises:
        LoweringError: they may not.
    """
    count = len(estimator._y)  # noqa: SLF001
    write.require_ml(
        estimator,
        f" without the {count:,} samples that it was fitted on; with --allow-ml the file holds them",
    )
    power = (estimator.effective_metric_params_ or {}).get("p", _EUCLIDEAN)
    metric = estimator.effective_metric_ in ("euclidean", "minkowski") and power == _EUCLIDEAN
    return metric and estimator.weights in ("uniform", "distance")


def _dense(samples: Any) -> Any:
    return samples.toarray() if hasattr(samples, "toarray") else samples


NEIGHBORS: Final = (
    Rule("KNeighborsClassifier", decide=_classified, decide_all=_all_classified),
    Rule("KNeighborsRegressor", predict=_regressed),
)
