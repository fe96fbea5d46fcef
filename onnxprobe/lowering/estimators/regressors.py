"""Linear regressors: one affine map, and the exponential where the link is a logarithm."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.estimators.linear import affine_of
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.kernels import Kernel, kernel
from onnxprobe.lowering.writer import Writer


def _plain(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001  a rule's form
    return flow.then(affine_of(estimator))


def _exponential(write: Writer, estimator: Any, flow: Flow) -> Flow:
    return write.mapped("Exp", _plain(write, estimator, flow))


def _tweedie(write: Writer, estimator: Any, flow: Flow) -> Flow:
    logarithm = estimator.link == "log" or (estimator.link == "auto" and estimator.power > 0)
    return (_exponential if logarithm else _plain)(write, estimator, flow)


def _partial_least_squares(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    center = estimator._x_mean  # noqa: SLF001  scikit-learn says it nowhere else
    return flow.then(Affine.of(estimator.coef_, estimator.intercept_, center))


def _rotated(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    center, spread = estimator._x_mean, estimator._x_std  # noqa: SLF001
    return flow.then(Affine.of(estimator.x_rotations_.T / spread, center=center))


def _ridge_of_kernels(write: Writer, estimator: Any, flow: Flow) -> Flow:
    near = kernel(write, flow, estimator.X_fit_, Kernel.of(estimator, flow.width))
    return near.then(Affine.of(np.atleast_2d(estimator.dual_coef_.T)))


def _consensus(write: Writer, estimator: Any, flow: Flow) -> Flow:
    return write.predicted(estimator.estimator_, flow)


def _transformed_target(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """What the regressor inside predicts, turned back into what was to be predicted."""
    values, back = write.predicted(estimator.regressor_, flow), estimator.transformer_
    name = type(back).__name__
    if name == "StandardScaler":
        return values.then(Affine.of(_ones(back.scale_, values), _zeros(back.mean_)))
    if name == "MinMaxScaler":
        return values.then(Affine.of(1 / back.scale_, -back.min_ / back.scale_))
    function = getattr(back, "inverse_func", None)
    if name == "FunctionTransformer" and (function is None or function in _BACK):
        return _BACK[function](write, values) if function else values
    called = getattr(function, "__name__", name)
    raise LoweringError(
        f"TransformedTargetRegressor turns back with {called!r}, which has no form here; there is numpy.exp, "
        "numpy.expm1, numpy.square, StandardScaler and MinMaxScaler"
    )


def _ones(scale: Any, values: Flow) -> Any:
    return np.ones(values.width) if scale is None else scale


def _zeros(mean: Any) -> Any:
    return 0.0 if mean is None else mean


def _less_one(write: Writer, values: Flow) -> Flow:
    raised = write.mapped("Exp", values)
    return raised.then(Affine.of(np.ones(raised.width), -1.0))


def _squared(write: Writer, values: Flow) -> Flow:
    x = write.settled(values)
    return Flow(write.op("Mul", x, x), values.width)


_BACK: Final[dict[Any, Callable[[Writer, Flow], Flow]]] = {
    np.exp: lambda write, values: write.mapped("Exp", values),
    np.expm1: _less_one,
    np.square: _squared,
}

REGRESSORS: Final = (
    *(
        Rule(name, predict=_plain)
        for name in (
            "ARDRegression",
            "BayesianRidge",
            "ElasticNet",
            "ElasticNetCV",
            "HuberRegressor",
            "Lars",
            "LarsCV",
            "Lasso",
            "LassoCV",
            "LassoLars",
            "LassoLarsCV",
            "LassoLarsIC",
            "LinearRegression",
            "LinearSVR",
            "MultiTaskElasticNet",
            "MultiTaskElasticNetCV",
            "MultiTaskLasso",
            "MultiTaskLassoCV",
            "OrthogonalMatchingPursuit",
            "OrthogonalMatchingPursuitCV",
            "PassiveAggressiveRegressor",
            "QuantileRegressor",
            "Ridge",
            "RidgeCV",
            "SGDRegressor",
            "TheilSenRegressor",
        )
    ),
    Rule("GammaRegressor", predict=_exponential),
    Rule("PoissonRegressor", predict=_exponential),
    Rule("TweedieRegressor", predict=_tweedie),
    *(
        Rule(name, transform=_rotated, predict=_partial_least_squares)
        for name in ("CCA", "PLSCanonical", "PLSRegression")
    ),
    Rule("KernelRidge", predict=_ridge_of_kernels),
    Rule("TransformedTargetRegressor", predict=_transformed_target),
    Rule("RANSACRegressor", predict=_consensus),
)
