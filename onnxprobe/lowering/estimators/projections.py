"""Projections, and choices of columns: affine maps, folded into whatever comes next."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.kernels import Kernel, kernel
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


def _landmarks(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """The kernel with some samples, decorrelated (Williams & Seeger 2000)."""
    how = Kernel.of(estimator, flow.width)
    near = kernel(write, flow, estimator.components_, how)
    return near.then(Affine.of(estimator.normalization_))


def _kernel_principal(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Principal components in the space of a kernel (Schölkopf et al. 1998)."""
    how = replace(Kernel.of(estimator, flow.width), _gamma=_gamma(estimator, flow.width))
    near = kernel(write, flow, estimator.X_fit_, how)
    vectors, values = np.asarray(estimator.eigenvectors_), np.asarray(estimator.eigenvalues_)
    scaled = np.where(values > 0, vectors / np.sqrt(np.where(values > 0, values, 1.0)), 0.0)
    rows = estimator._centerer.K_fit_rows_  # noqa: SLF001  what its transform takes away
    turned = (scaled - scaled.mean(axis=0)).T
    return near.then(Affine.of(turned, center=rows))


def _gamma(estimator: Any, width: int) -> float:
    return float(getattr(estimator, "gamma_", None) or 1 / width)


def _factors(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    """The mean of the factors given the sample (Barber 2012, 21.2)."""
    parts = np.asarray(estimator.components_)
    weighed = parts / np.asarray(estimator.noise_variance_)
    turn = np.linalg.solve(np.eye(len(parts)) + weighed @ parts.T, weighed)
    return flow.then(Affine.of(turn, center=estimator.mean_))


def _groups(write: Writer, estimator: Any, flow: Flow) -> Flow:  # noqa: ARG001
    """The mean of the features in each group."""
    if estimator.pooling_func is not np.mean:
        raise LoweringError("FeatureAgglomeration has a form with the mean of each group only")
    members = np.eye(int(estimator.n_clusters_))[np.asarray(estimator.labels_)].T
    return flow.then(Affine.of(members / members.sum(axis=1, keepdims=True)))


PROJECTIONS: Final = (
    Rule("FactorAnalysis", transform=_factors),
    Rule("FeatureAgglomeration", transform=_groups),
    Rule("KernelPCA", transform=_kernel_principal),
    Rule("NeighborhoodComponentsAnalysis", transform=_components),
    Rule("Nystroem", transform=_landmarks),
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
