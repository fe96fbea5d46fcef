"""Linear regressors: one affine map, and the exponential where the link is a logarithm."""

from typing import Any, Final

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.estimators.linear import affine_of
from onnxprobe.lowering.flow import Flow
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


def _consensus(write: Writer, estimator: Any, flow: Flow) -> Flow:
    return write.predicted(estimator.estimator_, flow)


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
    Rule("PLSRegression", predict=_partial_least_squares),
    Rule("RANSACRegressor", predict=_consensus),
)
