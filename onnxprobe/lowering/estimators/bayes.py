"""Naive Bayes, quadratic discriminants and mixtures: log densities of Gaussians and of counts."""

from typing import Any, Final

import numpy as np

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.decision import LEAST, Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.links import ratio, softmax
from onnxprobe.lowering.squares import gaussian_squares, squares, summed_apart
from onnxprobe.lowering.writer import Writer


def _gaussian_naive(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """Gaussians without covariance."""
    theta, var = np.asarray(estimator.theta_), np.asarray(estimator.var_)
    constant = np.log(estimator.class_prior_) - 0.5 * np.log(2 * np.pi * var).sum(axis=1)
    terms = squares(write, flow, theta, np.sqrt(var))
    total = Flow(summed_apart(write, terms), len(theta))
    logs = total.then(Affine.of(np.full(len(theta), -0.5), constant - constant.max()))
    return _likelihood(write, estimator.classes_, logs)


def _likelihood(write: Writer, classes: Any, logs: Flow) -> Decision:
    logs = Flow(write.settled(logs), logs.width)
    return Decision(
        classes, None, softmax(write, logs), ratio(logs), ranking=logs.tensor, floor=LEAST
    )


def _counts(write: Writer, estimator: Any, flow: Flow) -> Decision:
    logs = _told_apart(estimator.feature_log_prob_, estimator.class_log_prior_)
    return _likelihood(write, estimator.classes_, flow.then(logs))


def _complement(write: Writer, estimator: Any, flow: Flow) -> Decision:
    logs = _told_apart(estimator.feature_log_prob_, np.zeros(len(estimator.classes_)))
    return _likelihood(write, estimator.classes_, flow.then(logs))


def _told_apart(weight: Any, bias: Any) -> Affine:
    """Return the map without what it gives all classes alike, which float32 would lose digits to."""
    wide, ends = np.asarray(weight, np.float64), np.asarray(bias, np.float64)
    return Affine.of(wide - wide.mean(axis=0), ends - ends.mean())


def _bernoulli(write: Writer, estimator: Any, flow: Flow) -> Decision:
    if estimator.binarize is not None:
        above = write.op("Greater", write.settled(flow), write.array(estimator.binarize))
        flow = Flow(write.yes_no(above), flow.width)
    there = np.asarray(estimator.feature_log_prob_, np.float64)
    absent = np.log(1 - np.exp(there))
    logs = _told_apart(there - absent, estimator.class_log_prior_ + absent.sum(axis=1))
    return _likelihood(write, estimator.classes_, flow.then(logs))


def _quadratic(write: Writer, estimator: Any, flow: Flow) -> Decision:
    turns = [r * s**-0.5 for r, s in zip(estimator.rotations_, estimator.scalings_, strict=True)]
    spread = np.array([np.log(s).sum() for s in estimator.scalings_])
    logs = _density(write, flow, estimator.means_, turns, np.log(estimator.priors_) - 0.5 * spread)
    logit = ratio(logs)
    margin = logs if logit is None else logit
    link = softmax(write, logs)
    return Decision(estimator.classes_, margin, link, logit, ranking=logs.tensor, floor=LEAST)


def _mixture(write: Writer, estimator: Any, flow: Flow) -> Decision:
    """Gaussians without labels: the classes are the components."""
    means, roots = np.asarray(estimator.means_), np.asarray(estimator.precisions_cholesky_)
    count, width = means.shape
    if estimator.covariance_type == "tied":
        turns = [roots] * count
    elif estimator.covariance_type == "full":
        turns = list(roots)
    else:  # "diag" has a root for each axis, "spherical" one for all
        turns = [np.eye(width) * root for root in roots]
    determinants = np.array([np.linalg.slogdet(turn)[1] for turn in turns])
    constant = np.log(estimator.weights_) + determinants
    logs = _density(write, flow, means, turns, constant)
    return _likelihood(write, np.arange(count), logs)


def _density(write: Writer, flow: Flow, means: Any, turns: Any, constant: Any) -> Flow:
    logs = gaussian_squares(write, flow, means, turns).then(
        Affine.of(np.full(len(turns), -0.5), constant)
    )
    return Flow(write.settled(logs), logs.width)


BAYES: Final = (
    Rule("GaussianNB", decide=_gaussian_naive),
    Rule("MultinomialNB", decide=_counts),
    Rule("ComplementNB", decide=_complement),
    Rule("BernoulliNB", decide=_bernoulli),
    Rule("QuadraticDiscriminantAnalysis", decide=_quadratic),
    Rule("GaussianMixture", decide=_mixture),
)
