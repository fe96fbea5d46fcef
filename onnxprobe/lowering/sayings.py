"""What scikit-learn itself answers, in the words of a head: the other definition of each rule."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.lower import final

Arrays = dict[str, NDArray[Any]]


def said(estimator: Any, vectors: Sequence[NDArray[Any]], name: str = "head") -> Arrays:
    """Return the outputs of ``lower(estimator, name=name)``, computed by scikit-learn in float64.

    Centres that were fitted in float32 are compared in it, as scikit-learn compares with no others.

    Args:
        estimator: fitted.
        vectors: one array ``(n, width)`` for each probe.
        name: what the outputs begin with.
    """
    x = np.hstack(vectors).astype(_precision(estimator))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return dict(_outputs(estimator, x, name))


def _precision(estimator: Any) -> Any:
    centers = getattr(final(estimator), "cluster_centers_", None)
    return np.float64 if centers is None else centers.dtype


def _outputs(estimator: Any, x: NDArray[Any], name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    last, chooses = final(estimator), _chooses(estimator)
    if hasattr(last, "estimators_") and isinstance(getattr(last, "classes_", None), list):
        before = estimator[:-1].transform(x) if type(estimator).__name__ == "Pipeline" else x
        for i, part in enumerate(last.estimators_):
            yield from _outputs(part, before, f"{name}_{i}")
        return
    if not chooses:
        does = estimator.predict if hasattr(estimator, "predict") else estimator.transform
        yield f"{name}_values", np.asarray(does(x)).reshape(len(x), -1).astype(np.float32)
        return
    scores, best = _scores(estimator, last, x), _best(estimator, last, x)
    yield f"{name}_scores", scores.astype(np.float32)
    yield f"{name}_id", best
    yield f"{name}_confidence", np.take_along_axis(scores, best, axis=1).astype(np.float32)


def _chooses(estimator: Any) -> bool:
    """Tell whether it answers with a class: by its rule, or by having classes where it has none."""
    last = final(estimator)
    name = type(last).__name__
    if name in set(ESTIMATORS):
        return ESTIMATORS[name].decide is not None
    return hasattr(last, "classes_")


def _best(estimator: Any, last: Any, x: NDArray[Any]) -> NDArray[np.int64]:
    predicted = estimator.predict(x)
    if not hasattr(last, "classes_"):
        return np.asarray(predicted, np.int64).reshape(-1, 1)
    at = {label: i for i, label in enumerate(last.classes_.tolist())}
    return np.array([[at[label]] for label in np.asarray(predicted).tolist()], np.int64)


def _scores(estimator: Any, last: Any, x: NDArray[Any]) -> NDArray[np.float64]:
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(x), np.float64)
    if hasattr(last, "cluster_centers_"):
        return -np.asarray(estimator.transform(x), np.float64)
    margin = np.asarray(estimator.decision_function(x), np.float64)
    return np.stack([-margin, margin], axis=1) if margin.ndim == 1 else margin
