"""Support vector machines with kernels, as libsvm decides (Chang & Lin 2011)."""

from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.coupling import coupled
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.kernels import kernel
from onnxprobe.lowering.links import both_signs
from onnxprobe.lowering.pairs import ranked, votes
from onnxprobe.lowering.writer import Writer

_BINARY: Final = 2


def _classified(write: Writer, estimator: Any, flow: Flow) -> Decision:
    count = len(estimator.classes_)
    if len(estimator.n_support_) != count:  # libsvm drops classes whose samples all weigh nothing
        raise LoweringError(
            f"{type(estimator).__name__} has {count} classes but support vectors of {len(estimator.n_support_)}: the "
            "samples it was given, or drew, leave some out; fit it on more of each"
        )
    if count > _BINARY and estimator.decision_function_shape != "ovr":
        raise LoweringError(
            f"{type(estimator).__name__} gives one margin a pair of classes; set its "
            "decision_function_shape to 'ovr', which needs no new fit"
        )
    per_pair = kernel(write, flow, estimator.support_vectors_, estimator).then(
        Affine.of(_pair_weights(estimator), estimator._intercept_)
    )
    if per_pair.pending is None or estimator.kernel != "linear" or count > _BINARY:
        per_pair = Flow(write.settled(per_pair), per_pair.width)
    margin, best = _margin(write, estimator, per_pair)
    probability = None
    if estimator.probability is True:
        probability = lambda: _probability(write, estimator, per_pair)  # noqa: E731
    return Decision(estimator.classes_, margin, probability, best=best)


def _margin(write: Writer, estimator: Any, per_pair: Flow) -> tuple[Flow, str]:
    """Return the margins, and the answer: libsvm goes by votes alone, unless told to break ties."""
    count = len(estimator.classes_)
    if count == _BINARY:
        turned = both_signs(write, per_pair).then(Affine.of(np.full(2, -1.0)))
        return turned, write.op("ArgMax", write.settled(turned), axis=1, keepdims=1)
    lost = write.yes_no(write.op("Less", per_pair.tensor, write.array(0.0)))
    not_lost = write.op("Sub", write.array(1.0), lost)
    margin, ranking = ranked(write, not_lost, per_pair, count)
    if estimator.break_ties:
        return margin, write.op("ArgMax", ranking, axis=1, keepdims=1)
    won = write.yes_no(write.op("Greater", per_pair.tensor, write.array(0.0)))
    most = write.settled(votes(won, count))
    return margin, write.op("ArgMax", most, axis=1, keepdims=1)


def _probability(write: Writer, estimator: Any, per_pair: Flow) -> str:
    """Platt's sigmoid of each pair (Platt 1999; Lin, Lin & Weng 2007), coupled."""
    a, b = (-np.asarray(v) for v in (estimator._probA, estimator._probB))  # noqa: SLF001
    sigmoid = Affine.of(a, b)
    for_first = write.op("Sigmoid", write.settled(per_pair.then(sigmoid)))
    return coupled(write, for_first, len(estimator.classes_))


def _pair_weights(estimator: Any) -> NDArray[np.float64]:
    """Return ``(P, S)``: how much each support vector counts for each pair of classes."""
    dual = estimator._dual_coef_
    dual = dual.toarray() if hasattr(dual, "toarray") else dual
    ends = np.concatenate(([0], np.cumsum(estimator.n_support_)))
    rows = []
    for i, j in combinations(range(len(estimator.classes_)), 2):
        row = np.zeros(dual.shape[1])
        of_i, of_j = slice(ends[i], ends[i + 1]), slice(ends[j], ends[j + 1])
        row[of_i], row[of_j] = dual[j - 1, of_i], dual[i, of_j]
        rows.append(row)
    return np.array(rows)


def _regressed(write: Writer, estimator: Any, flow: Flow) -> Flow:
    near = kernel(write, flow, estimator.support_vectors_, estimator)
    return near.then(Affine.of(estimator.dual_coef_, estimator.intercept_))


SUPPORT_VECTORS: Final = (
    Rule("SVC", decide=_classified),
    Rule("NuSVC", decide=_classified),
    Rule("SVR", predict=_regressed),
    Rule("NuSVR", predict=_regressed),
)
