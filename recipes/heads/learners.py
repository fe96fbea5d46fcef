"""Three ways to learn which of K classes a picture is in, each as one or two linear layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import Layer
from onnxprobe.registry import Registry
from recipes.vectors.whitening import Vectors

Labels = NDArray[np.int64]
Weights = NDArray[np.float64]
Layers = tuple[Layer, ...]
Weighing = Callable[[Labels, int], Weights]
"""From labels ``(n,)`` and K to what each row counts."""

_PENALTY: Final = 2e-5
_HIDDEN: Final = 128
_DRAWN: Final = 50_000
"""Rows that a perceptron learns from, at most; they are drawn by their weights."""
NEVER: Final = -30.0
"""Logit of a class that there was no row of."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A way to learn.

    Attributes:
        name: what settings and reports call it.
        fit: from rows ``(n, m)`` of mean square length 1, labels ``(n,)`` from 0 to K − 1, weights
            ``(n,)``, K and a seed to layers that give logits.
    """

    name: str
    fit: Callable[[Vectors, Labels, Weights, int, int], Layers]


def logits(layers: Layers, z: Vectors) -> Vectors:
    """Return ``(n, K)`` of rows ``(n, m)``."""
    for layer in layers[:-1]:
        z = np.maximum(z @ layer.weight.T + layer.bias, 0)
    return np.asarray(z @ layers[-1].weight.T + layers[-1].bias, np.float32)


def balance(labels: Labels, count: int) -> Weights:
    """Return weights ``(n,)`` by which every class that there is counts the same."""
    size = np.bincount(labels, minlength=count)
    return np.asarray(len(labels) / (np.count_nonzero(size) * size[labels]), np.float64)


def alike(labels: Labels, _count: int) -> Weights:
    """Return weights ``(n,)`` by which every row counts the same."""
    return np.ones(len(labels))


def _linear(z: Vectors, labels: Labels, weights: Weights, count: int, _seed: int) -> Layers:
    """Fit softmax regression by L-BFGS."""
    from scipy.optimize import minimize
    from threadpoolctl import threadpool_limits

    _, m = z.shape
    true = (labels[:, None] == np.arange(count)).astype(np.float32)
    share = (weights / weights.sum()).astype(np.float32)[:, None]

    def loss(flat: Weights) -> tuple[float, Weights]:
        weight, bias = flat[: count * m].reshape(count, m), flat[count * m :]
        said = z @ weight.T.astype(np.float32) + bias.astype(np.float32)
        said -= said.max(axis=1, keepdims=True)
        raised = np.exp(said)
        total = raised.sum(axis=1, keepdims=True)
        value = (share * (np.log(total) - (said * true).sum(axis=1, keepdims=True))).sum()
        slope = share * (raised / total - true)
        gradient = (slope.T @ z).astype(np.float64) + _PENALTY * weight
        value = float(value) + _PENALTY / 2 * float((weight**2).sum())
        return value, np.append(gradient.ravel(), slope.sum(axis=0, dtype=np.float64))

    options = {"maxiter": 200, "ftol": 1e-8, "gtol": 1e-5}
    with threadpool_limits(1):  # products this small wait for each other more than they compute
        start = np.zeros(count * m + count)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    weight, bias = found[: count * m].reshape(count, m), found[count * m :]
    return (Layer(weight.astype(np.float32), bias.astype(np.float32)),)


def _perceptron(z: Vectors, labels: Labels, weights: Weights, count: int, seed: int) -> Layers:
    """Fit one hidden layer by Adam, stopped where a tenth of the rows, set apart, gets no better."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    # the network takes no weights: rows are drawn by them instead
    random = np.random.default_rng(seed)
    drawn = random.choice(len(z), min(len(z), _DRAWN), p=weights / weights.sum())
    rows = np.concatenate([drawn, np.unique(labels, return_index=True)[1]])
    network = MLPClassifier(
        (_HIDDEN,), learning_rate_init=3e-3, max_iter=60, n_iter_no_change=8, random_state=seed
    )
    scale = np.float32(np.sqrt(z.shape[1]))  # Adam's steps suit inputs of variance 1
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(z[rows] * scale, labels[rows])
    (first, last), (bias, out) = network.coefs_, network.intercepts_
    hidden = Layer((first.T * scale).astype(np.float32), bias.astype(np.float32))
    weight, intercept = last.T, out
    if len(network.classes_) == 2:  # noqa: PLR2004  two classes are kept as one row
        weight, intercept = np.vstack([-weight, weight]) / 2, np.hstack([-intercept, intercept]) / 2
    there = network.classes_
    full = np.zeros((count, _HIDDEN), np.float32)
    full[there] = weight
    never = np.full(count, NEVER, np.float32)
    never[there] = intercept
    return hidden, Layer(full, never)


def _centroid(z: Vectors, labels: Labels, weights: Weights, count: int, _seed: int) -> Layers:
    """Take the mean of each class; the nearest is the answer."""
    true = (labels[:, None] == np.arange(count)) * weights[:, None]
    size = true.sum(axis=0)
    mean = (true.T @ z) / np.maximum(size, 1e-12)[:, None]
    bias = np.where(size > 0, -0.5 * (mean**2).sum(axis=1), NEVER)
    return (Layer(mean.astype(np.float32), bias.astype(np.float32)),)


LEARNERS: Final = Registry(
    "head",
    [Learner("linear", _linear), Learner("mlp", _perceptron), Learner("centroid", _centroid)],
)
