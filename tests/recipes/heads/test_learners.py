import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

from recipes.heads.learners import LEARNERS, alike, balance, logits

RNG = np.random.default_rng(0)
LABELS = RNG.permutation(np.repeat([0, 1, 2], [120, 60, 20]))
Z = (0.2 * RNG.normal(size=(200, 8)) + 0.3 * np.eye(8)[LABELS]).astype(np.float32)


def test_the_linear_head_is_the_softmax_regression_of_scikit_learn():
    weights = balance(LABELS, 3)
    (layer,) = LEARNERS["linear"].fit(Z, LABELS, weights, 3, 0)
    # scikit-learn adds losses up where we take the mean
    model = LogisticRegression(C=1 / (2e-5 * 200), class_weight="balanced", tol=1e-8, max_iter=5000)
    chances = model.fit(Z.astype(np.float64), LABELS).predict_proba(Z)
    said = np.exp(logits((layer,), Z))
    np.testing.assert_allclose(said / said.sum(axis=1, keepdims=True), chances, atol=0.02)


def test_the_centroid_head_names_the_nearest_mean():
    layers = LEARNERS["centroid"].fit(Z, LABELS, alike(LABELS, 3), 3, 0)
    expected = NearestCentroid().fit(Z, LABELS).predict(Z)
    assert (logits(layers, Z).argmax(axis=1) == expected).all()


def test_a_perceptron_learns_what_no_line_parts():
    z = RNG.uniform(-1, 1, (600, 2)).astype(np.float32)
    labels = (z[:, 0] * z[:, 1] > 0).astype(np.int64)
    layers = LEARNERS["mlp"].fit(z, labels, alike(labels, 2), 2, 0)
    assert (logits(layers, z).argmax(axis=1) == labels).mean() > 0.93
    line = LEARNERS["linear"].fit(z, labels, alike(labels, 2), 2, 0)
    assert (logits(line, z).argmax(axis=1) == labels).mean() < 0.7


@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
def test_a_class_that_was_never_seen_is_never_the_answer(learner):
    labels = np.where(LABELS == 1, 0, LABELS)
    layers = learner.fit(Z, labels, balance(labels, 4), 4, 0)
    said = logits(layers, Z).argmax(axis=1)
    assert set(said) <= {0, 2}


def test_balanced_weights_let_every_class_count_the_same():
    total = np.bincount(LABELS, balance(LABELS, 3))
    np.testing.assert_allclose(total, total[0])
