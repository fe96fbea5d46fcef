"""What scikit-learn itself answers, in the words of a head: the other definition of each rule."""

import warnings
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnxprobe.lowering.estimators import ESTIMATORS
from onnxprobe.lowering.lower import answers_as, final

Arrays = dict[str, NDArray[Any]]


def said(estimator: Any, vectors: Sequence[NDArray[Any]], name: str = "head") -> Arrays:
    """Return the outputs of ``lower(estimator, name=name)``, computed by scikit-learn in float64.

    Centres that were fitted in float32 are compared in it, as scikit-learn compares with no others.

    Args:
        estimator: fitted.
        vectors: one array ``(n, width)`` for each probe.
        name: what the outputs begin with.
    """
    x = _named(estimator, np.hstack(vectors).astype(_precision(estimator)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        return dict(_outputs(estimator, x, name))


def _named(estimator: Any, x: NDArray[Any]) -> Any:
    """Return ``x`` as a table, where the estimator knows its columns by their names."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return x
    try:
        tables = import_module("pandas")
    except ImportError:
        return x
    return tables.DataFrame(x, columns=names)


def _precision(estimator: Any) -> Any:
    centers = getattr(final(estimator), "cluster_centers_", None)
    return np.float64 if centers is None else centers.dtype


def _outputs(estimator: Any, x: NDArray[Any], name: str) -> Iterator[tuple[str, NDArray[Any]]]:
    last, chooses = final(estimator), _chooses(estimator)
    if type(last).__name__ == "MultiOutputClassifier":
        before = estimator[:-1].transform(x) if type(estimator).__name__ == "Pipeline" else x
        for i, part in enumerate(last.estimators_):
            yield from _outputs(part, before, f"{name}_{i}")
        return
    if answers_as(estimator) == "decide_all":
        yield from _several(estimator, last, x, name)
        return
    if not chooses:
        does = estimator.predict if hasattr(estimator, "predict") else estimator.transform
        yield f"{name}_values", np.asarray(does(x)).reshape(len(x), -1).astype(np.float32)
        return
    scores, best = _scores(estimator, last, x), _best(estimator, last, x)
    yield f"{name}_scores", scores.astype(np.float32)
    yield f"{name}_id", best
    yield f"{name}_confidence", np.take_along_axis(scores, best, axis=1).astype(np.float32)


def _several(
    estimator: Any, last: Any, x: NDArray[Any], name: str
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield what one estimator says to several questions: a list of scores, or one column each."""
    predicted = np.asarray(estimator.predict(x))
    sure = hasattr(estimator, "predict_proba")
    said = estimator.predict_proba(x) if sure else estimator.decision_function(x)
    for i in range(predicted.shape[1]):
        classes = last.classes_[i] if isinstance(last.classes_, list) else np.arange(2)
        yes = np.zeros(0) if isinstance(said, list) else np.asarray(said)[:, i]
        two = np.stack([1 - yes if sure else -yes, yes], axis=1)
        scores = np.asarray(said[i]) if isinstance(said, list) else two
        best = _index(classes, predicted[:, i])
        yield f"{name}_{i}_scores", scores.astype(np.float32)
        yield f"{name}_{i}_id", best
        of_best = np.take_along_axis(scores, best, axis=1)
        yield f"{name}_{i}_confidence", of_best.astype(np.float32)


def _index(classes: Any, predicted: NDArray[Any]) -> NDArray[np.int64]:
    at = {label: i for i, label in enumerate(np.asarray(classes).tolist())}
    return np.array([[at[label]] for label in predicted.tolist()], np.int64)


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
    return _index(last.classes_, np.asarray(predicted))


def _scores(estimator: Any, last: Any, x: NDArray[Any]) -> NDArray[np.float64]:
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(x), np.float64)
    if hasattr(last, "cluster_centers_"):
        return -np.asarray(estimator.transform(x), np.float64)
    margin = np.asarray(estimator.decision_function(x), np.float64)
    return np.stack([-margin, margin], axis=1) if margin.ndim == 1 else margin
