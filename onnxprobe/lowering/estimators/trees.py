"""Decision trees, forests of them and boosted ones: one operator of ai.onnx.ml for all trees.

Its leaves add up to what scikit-learn adds up, probabilities or raw scores; what is done to the sum is
plain. There is no plain form of the trees themselves that would not compute every leaf.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import sigmoid, softmax
from onnxprobe.lowering.writer import Writer

_LEAF: Final = -1
_NEEDS: Final = (
    "; with --allow-ml it is written with ai.onnx.ml, which the file then needs: ONNX Runtime has it, "
    "few others do"
)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A tree of n nodes, the first of which is its root.

    Attributes:
        left: the node that goes on where the feature is not above the threshold; -1 in a leaf.
        right: the node that goes on elsewhere.
        feature: which feature is looked at.
        threshold: what it is compared with.
        missing_left: whether a feature that is not a number goes left.
        values: ``(n, k)``, what each leaf adds.
        target: the output that the first of the values is added to.
    """

    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: NDArray[Any]
    missing_left: NDArray[Any]
    values: NDArray[np.float64]
    target: int = 0


def summed(write: Writer, estimator: Any, flow: Flow, trees: Sequence[Tree], width: int) -> Flow:
    """Write what ``trees`` add up to, ``(N, width)``; of a classifier, by the operator of classifiers.

    Raises:
        LoweringError: operators of ai.onnx.ml were not allowed.
    """
    write.require_ml(estimator, _NEEDS)
    sizes = [len(tree.left) for tree in trees]
    of, at = np.repeat(np.arange(len(trees)), sizes), np.concatenate([np.arange(n) for n in sizes])
    left, right, feature, threshold, missing = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("left", "right", "feature", "threshold", "missing_left")
    )
    leaf = left == _LEAF
    classifies = hasattr(estimator, "classes_")
    total = write.ml(
        "TreeEnsembleClassifier" if classifies else "TreeEnsembleRegressor",
        write.cast(write.settled(flow), "float32"),
        **_leaves(trees, "class" if classifies else "target"),
        **({"classlabels_int64s": list(range(width))} if classifies else {"n_targets": width}),
        nodes_treeids=_whole(of),
        nodes_nodeids=_whole(at),
        nodes_featureids=_whole(np.where(leaf, 0, feature)),
        nodes_modes=["LEAF" if end else "BRANCH_LEQ" for end in leaf.tolist()],
        nodes_values=_below(np.where(leaf, 0.0, threshold)).tolist(),
        nodes_truenodeids=_whole(np.where(leaf, 0, left)),
        nodes_falsenodeids=_whole(np.where(leaf, 0, right)),
        nodes_missing_value_tracks_true=_whole(np.where(leaf, 0, missing)),
    )
    return Flow(write.cast(total, write.precision), width)


def _leaves(trees: Sequence[Tree], kind: str) -> dict[str, list[int] | list[float]]:
    """Return the attributes that say what the leaves add to which ``kind`` of output."""
    ends = [np.flatnonzero(tree.left == _LEAF) for tree in trees]
    counts = [tree.values.shape[1] for tree in trees]
    triples = list(zip(trees, counts, ends, strict=True))
    owners = [np.repeat(n, k) for _, k, n in triples]
    ids = [np.tile(tree.target + np.arange(k), len(n)) for tree, k, n in triples]
    weights = [tree.values[n].ravel() for tree, _, n in triples]
    return {
        f"{kind}_treeids": _whole(np.repeat(np.arange(len(trees)), list(map(len, owners)))),
        f"{kind}_nodeids": _whole(np.concatenate(owners)),
        f"{kind}_ids": _whole(np.concatenate(ids)),
        f"{kind}_weights": np.concatenate(weights).astype(np.float32).tolist(),
    }


def _whole(values: NDArray[Any]) -> list[int]:
    return [int(value) for value in values]


def _below(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 that is not above: what is compared with it is float32 too."""
    narrow = threshold.astype(np.float32)
    return np.where(narrow > threshold, np.nextafter(narrow, np.float32(-np.inf)), narrow)


def _tree(fitted: Any, values: NDArray[Any], target: int = 0) -> Tree:
    """Return the tree of an estimator of ``sklearn.tree``."""
    t = fitted.tree_
    missing = getattr(t, "missing_go_to_left", np.zeros(t.node_count, np.uint8))
    return Tree(t.children_left, t.children_right, t.feature, t.threshold, missing, values, target)


def _shares(fitted: Any, question: int) -> NDArray[np.float64]:
    """Return how the classes share each node, ``(n, K)``; scikit-learn before 1.3 has counts."""
    count = int(np.ravel(fitted.n_classes_)[question])
    found = np.asarray(fitted.tree_.value[:, question, :count], np.float64)
    total = found.sum(axis=1, keepdims=True)
    return found / np.where(total == 0, 1.0, total)


def _members(estimator: Any) -> list[Any]:
    """Return the trees of a forest; a tree alone is one of itself."""
    return list(getattr(estimator, "estimators_", [estimator]))


def _classified(write: Writer, estimator: Any, flow: Flow) -> Decision:
    return _of_question(write, estimator, flow, 0, estimator.classes_)


def _all_classified(write: Writer, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
    return tuple(
        _of_question(write, estimator, flow, i, classes)
        for i, classes in enumerate(estimator.classes_)
    )


def _of_question(
    write: Writer, estimator: Any, flow: Flow, question: int, classes: Any
) -> Decision:
    """The mean over the trees of the shares in their leaves; divided last, so that equal votes stay equal."""
    members = _members(estimator)
    trees = [_tree(each, _shares(each, question)) for each in members]
    total = write.settled(summed(write, estimator, flow, trees, len(classes)))
    mean = write.op("Div", total, write.array(float(len(members)))) if len(members) > 1 else total
    return Decision.shared(classes, mean)


def _regressed(write: Writer, estimator: Any, flow: Flow) -> Flow:
    members = _members(estimator)
    trees = [_tree(each, each.tree_.value[:, :, 0] / len(members)) for each in members]
    return summed(write, estimator, flow, trees, int(estimator.n_outputs_))


def _boosted(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Raw scores of gradient boosting (Friedman 2001)."""
    first = estimator.init_
    if first != "zero" and not type(first).__name__.startswith("Dummy"):
        raise LoweringError(
            f"{type(estimator).__name__} begins with a {type(first).__name__}; leave init out, and it is fitted "
            "to begin with a constant"
        )
    begin = estimator._raw_predict_init(np.zeros((1, flow.width), np.float32))  # noqa: SLF001
    rate, stages = estimator.learning_rate, estimator.estimators_
    trees = [
        _tree(tree, rate * tree.tree_.value[:, :, 0], column)
        for stage in stages
        for column, tree in enumerate(stage)
    ]
    return _raw(write, estimator, flow, trees, begin)


def _raw(
    write: Writer, estimator: Any, flow: Flow, trees: Sequence[Tree], begin: NDArray[Any]
) -> Flow:
    """Write what the trees add to where they begin; one raw score for two classes as ``[-m, m]``."""
    start = np.asarray(begin, np.float64).ravel()
    if len(start) == 1 and hasattr(estimator, "classes_"):
        signs = np.array([[-1.0, 1.0]])
        trees, start = (
            [replace(tree, values=tree.values * signs) for tree in trees],
            start * signs[0],
        )
    total = summed(write, estimator, flow, trees, len(start))
    return total.then(Affine.of(np.ones(total.width), start))


def _boosted_classes(write: Writer, estimator: Any, flow: Flow) -> Decision:
    decision = _raw_classes(write, estimator, _boosted(write, estimator, flow))
    if decision.logit is None:
        return decision
    raw = write.column(decision.logit, 1)
    if estimator.loss == "exponential":
        logit = decision.logit.then(Affine.of(np.full(2, 2.0)))
        decision = replace(decision, probability=sigmoid(write, logit), logit=logit)
    # a tie is for the second class here
    best = write.op("Not", write.op("Less", write.settled(raw), write.array(0.0)))
    return replace(decision, best=write.cast(best, "int64"))


def _raw_classes(write: Writer, estimator: Any, raw: Flow) -> Decision:
    """The sigmoid of one raw score, or the softmax of several."""
    raw = Flow(write.settled(raw), raw.width)
    if raw.width > 2:  # noqa: PLR2004  of two classes there is one, as [-m, m]
        return Decision(estimator.classes_, raw, softmax(write, raw))
    return Decision(estimator.classes_, raw, sigmoid(write, raw), logit=raw)


def _histograms(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Raw scores of gradient boosting on histograms, as LightGBM does it (Ke et al. 2017)."""
    if estimator.is_categorical_ is not None:
        raise LoweringError(
            f"{type(estimator).__name__} was fitted on categories, which vectors do not hold; leave "
            "categorical_features out"
        )
    stages = estimator._predictors  # noqa: SLF001  scikit-learn says them nowhere else
    trees = [_grown(tree.nodes, column) for stage in stages for column, tree in enumerate(stage)]
    begin = estimator._baseline_prediction  # noqa: SLF001
    return _raw(write, estimator, flow, trees, begin)


def _grown(nodes: Any, target: int) -> Tree:
    leaf = nodes["is_leaf"] == 1
    left, right = (
        np.where(leaf, _LEAF, nodes[side].astype(np.int64)) for side in ("left", "right")
    )
    values = nodes["value"].astype(np.float64)[:, None]
    missing = nodes["missing_go_to_left"]
    return Tree(left, right, nodes["feature_idx"], nodes["num_threshold"], missing, values, target)


def _histogram_classes(write: Writer, estimator: Any, flow: Flow) -> Decision:
    return _raw_classes(write, estimator, _histograms(write, estimator, flow))


def _histogram_values(write: Writer, estimator: Any, flow: Flow) -> Flow:
    raw = _histograms(write, estimator, flow)
    return write.mapped("Exp", raw) if estimator.loss in ("poisson", "gamma") else raw


TREES: Final = (
    *(
        Rule(name, decide=_classified, decide_all=_all_classified)
        for name in (
            "DecisionTreeClassifier",
            "ExtraTreeClassifier",
            "ExtraTreesClassifier",
            "RandomForestClassifier",
        )
    ),
    *(
        Rule(name, predict=_regressed)
        for name in (
            "DecisionTreeRegressor",
            "ExtraTreeRegressor",
            "ExtraTreesRegressor",
            "RandomForestRegressor",
        )
    ),
    Rule("GradientBoostingClassifier", decide=_boosted_classes),
    Rule("GradientBoostingRegressor", predict=_boosted),
    Rule("HistGradientBoostingClassifier", decide=_histogram_classes),
    Rule("HistGradientBoostingRegressor", predict=_histogram_values),
)
