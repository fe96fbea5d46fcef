"""Projections, and choices of columns: affine maps, folded into whatever comes next."""

from typing import Any, Final

import numpy as np

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer


def _principal(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001  a rule's form
    components = np.asarray(estimator.components_, np.float64)
    if getattr(estimator, "whiten", False):
        spread = np.sqrt(np.asarray(estimator.explained_variance_, np.float64))
        smallest = np.finfo(np.asarray(estimator.explained_variance_).dtype).eps
        components = components / np.maximum(spread, smallest)[:, None]
    return flow.then(Affine.of(components, center=estimator.mean_))


def _components(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    return flow.then(Affine.of(estimator.components_))


def _independent(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    center = estimator.mean_ if estimator.whiten else 0.0
    return flow.then(Affine.of(estimator.components_, center=center))


def _chosen(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    return flow.then(Affine.of(np.eye(flow.width)[np.asarray(estimator.get_support())]))


def _random_fourier(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Random Fourier features (Rahimi & Recht 2007)."""
    angle = flow.then(Affine.of(estimator.random_weights_.T, estimator.random_offset_))
    wave = write.mapped("Cos", angle)
    return wave.then(Affine.of(np.full(wave.width, np.sqrt(2.0 / wave.width))))


PROJECTIONS: Final = (
    Rule("PCA", transform=_principal),
    Rule("IncrementalPCA", transform=_principal),
    Rule("TruncatedSVD", transform=_components),
    Rule("GaussianRandomProjection", transform=_components),
    Rule("SparseRandomProjection", transform=_components),
    Rule("FastICA", transform=_independent),
    Rule("RBFSampler", transform=_random_fourier),
    *(
        Rule(name, transform=_chosen)
        for name in (
            "GenericUnivariateSelect",
            "RFE",
            "RFECV",
            "SelectFdr",
            "SelectFpr",
            "SelectFromModel",
            "SelectFwe",
            "SelectKBest",
            "SelectPercentile",
            "SequentialFeatureSelector",
            "VarianceThreshold",
        )
    ),
)
