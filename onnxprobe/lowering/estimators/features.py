"""Features made of features: products, powers, bins, and what stands for what is missing."""

from itertools import pairwise
from math import factorial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import LoweringError
from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_NEAR: Final = 0.5
"""Exponents below which exp(u) - 1 is added up term by term: elsewhere nothing cancels."""
_TERMS: Final = 10
_FAR: Final = 3e38
"""Beyond every float32 but infinity."""


def _products(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Every product is written factor by factor; one that has fewer is multiplied by 1."""
    powers = np.asarray(estimator.powers_)
    factors = [np.repeat(np.arange(len(row)), row) for row in powers]
    x, count = write.settled(flow), max(map(len, factors))
    product = ""
    for position in range(max(count, 1)):
        has = np.array([len(row) > position for row in factors])
        which = [int(row[position]) if len(row) > position else 0 for row in factors]
        read = write.op("Gather", x, write.integers(which), axis=1)
        factor = read if has.all() else _or_one(write, read, has)
        product = write.op("Mul", product, factor) if product else factor
    return Flow(product, len(powers))


def _or_one(write: Writer, read: str, has: NDArray[np.bool_]) -> str:
    """Write 1 where a product has no further factor."""
    there = write.op("Greater", write.array(has[None]), write.array(0.5))
    return write.op("Where", there, read, write.array(1.0))


def _powered(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Yeo and Johnson 2000, or Box and Cox 1964: (exp(l log y) - 1) / l, of y = 1 + |x|, or of x."""
    x, exponents = write.settled(flow), np.asarray(estimator.lambdas_, np.float64)[None]
    exponents = np.where(np.isnan(exponents), 1.0, exponents)
    if estimator.method == "box-cox":
        found = _root(write, write.op("Log", x), exponents)
    else:
        long = write.op("Log", write.op("Add", write.op("Abs", x), write.array(1.0)))
        negative = write.op("Less", x, write.array(0.0))
        above, below = (_root(write, long, each) for each in (exponents, 2 - exponents))
        found = write.op("Where", negative, write.op("Neg", below), above)
    raised = Flow(found, flow.width)
    return write.transformed(estimator._scaler, raised) if estimator.standardize else raised  # noqa: SLF001


def _root(write: Writer, logarithm: str, exponents: NDArray[np.float64]) -> str:
    u = write.op("Mul", logarithm, write.array(exponents))
    series = write.array(1 / factorial(_TERMS))
    for term in range(_TERMS - 1, 0, -1):
        series = write.op("Add", write.op("Mul", series, u), write.array(1 / factorial(term)))
    inner = write.op("Mul", logarithm, series)
    divisor = np.where(exponents == 0, 1.0, exponents)
    outer = write.op("Sub", write.op("Exp", u), write.array(1.0))
    near = write.op("Less", write.op("Abs", u), write.array(_NEAR))
    return write.op("Where", near, inner, write.op("Div", outer, write.array(divisor)))


def _binned(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """One number a bin, 1 where the feature lies in it; or the bin's index."""
    inner = [np.asarray(edges, np.float64)[1:-1] for edges in estimator.bin_edges_]
    ends = [(-np.inf, *edges, np.inf) for edges in inner]
    bins = [(owner, *pair) for owner, row in enumerate(ends) for pair in pairwise(row)]
    owners, begin, end = map(np.array, zip(*bins, strict=True))
    read = write.op("Gather", write.settled(flow), write.integers(owners), axis=1)
    here = Flow(write.within(read, _not_below(begin), _not_below(end)), len(bins))
    if estimator.encode != "ordinal":
        return here
    indices = np.concatenate([np.arange(len(row) - 1) for row in ends])
    return here.then(Affine.of(np.eye(flow.width)[owners].T * indices))


def _not_below(edges: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the smallest float32 that is not below: what is compared with it is float32 too."""
    near = np.clip(edges, -_FAR, _FAR).astype(np.float32)
    return np.where(near < edges, np.nextafter(near, np.float32(np.inf)), near).clip(-_FAR, _FAR)


def _filled(write: Writer, estimator: Any, flow: Flow) -> Flow:
    if getattr(estimator, "add_indicator", False):
        raise LoweringError("SimpleImputer with add_indicator has no form in ONNX; leave it out")
    given = np.asarray(estimator.statistics_, np.float64)
    x, missing = write.settled(flow), estimator.missing_values
    lacks = (
        write.op("Not", write.op("Equal", x, x))
        if missing is None or np.isnan(missing)
        else write.op("Equal", x, write.array(float(missing)))
    )
    there = write.op("Where", lacks, write.array(np.nan_to_num(given)[None]), x)
    found, empty = Flow(there, flow.width), np.isnan(given)
    if not empty.any() or estimator.keep_empty_features:
        return found
    return found.then(Affine.of(np.eye(flow.width)[~empty]))


FEATURES: Final = (
    Rule("KBinsDiscretizer", transform=_binned),
    Rule("PolynomialFeatures", transform=_products),
    Rule("PowerTransformer", transform=_powered),
    Rule("SimpleImputer", transform=_filled),
)
"""One transformer each."""
