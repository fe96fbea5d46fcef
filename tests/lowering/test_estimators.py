import numpy as np
import onnx
import pytest
import zoo
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from onnxprobe.lowering import ESTIMATORS, lower, said
from onnxprobe.runtime import Session, run

NO_EXTREMES = {"RBFSampler"}
"""The cosine of an angle of 1e4 in float32 is noise; ``precision="float64"`` is there for that."""


def agree(estimator, *batches, opset=17, allow_ml=False):
    """Compare the graph with scikit-learn: labels exactly, scores to 1e-5 of the largest.

    1e-5, because margins are sums of a few float32 products, each with an error of 6e-8 of itself.
    """
    model = lower(estimator, opset=opset, ir_version=8, allow_ml=allow_ml)
    session = Session(model, threads=1)
    for x in batches:
        got, expected = session.run({"vectors": x}), said(estimator, [x])
        assert list(got) == list(expected)
        for name, array in expected.items():
            assert (got[name].shape, got[name].dtype) == (array.shape, array.dtype)
            if name.endswith("_id"):
                np.testing.assert_array_equal(got[name], array)
            else:
                np.testing.assert_allclose(
                    got[name], array, rtol=0, atol=1e-5 * max(1, np.abs(array).max())
                )
    return model


@pytest.mark.filterwarnings("ignore:.*`probability` parameter")
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", zoo.CLASSIFIERS)
def test_a_classifier_answers_as_scikit_learn_does(name, classes):
    if (name, classes) in {("LogisticRegression liblinear", 4), ("FrozenEstimator", 2)}:
        return  # scikit-learn has no such thing
    estimator = zoo.classifier(name, classes)
    agree(estimator, zoo.vectors(), zoo.extremes())


@pytest.mark.parametrize(
    "name",
    ["LogisticRegression", "LinearDiscriminantAnalysis", "GaussianNB", "SVC", "MLPClassifier"],
)
def test_a_classifier_that_was_fitted_in_float32_does_too(name):
    agree(zoo.classifier(name, 4, np.float32), zoo.vectors())


@pytest.mark.parametrize("name", zoo.BEFORE)
def test_a_transformer_gives_what_scikit_learn_gives_alone_and_before_a_classifier(name):
    batches = [zoo.vectors(), *([] if name in NO_EXTREMES else [zoo.extremes()])]
    if "KMeans" not in name and "Discriminant" not in name:  # alone they choose
        agree(zoo.transformer(name), *batches)
    agree(zoo.behind(name), *batches)


@pytest.mark.parametrize("name", zoo.REGRESSORS)
def test_a_regressor_predicts_what_scikit_learn_predicts(name):
    agree(zoo.regressor(name), zoo.vectors())


@pytest.mark.parametrize("name", zoo.CLUSTERERS)
def test_a_clusterer_names_the_cluster_that_scikit_learn_names(name):
    agree(zoo.clusterer(name), zoo.vectors(), zoo.extremes())


@pytest.mark.parametrize("name", ["KMeans", "MiniBatchKMeans"])
def test_a_clusterer_that_was_fitted_in_float32_does_too(name):
    agree(zoo.clusterer(name, np.float32), zoo.vectors())


@pytest.mark.filterwarnings("ignore:.*`probability` parameter")
@pytest.mark.parametrize("opset", [9, 10, 12, 13, 18, 26])
@pytest.mark.parametrize(
    "name",
    [
        "SVC probability",
        "CalibratedClassifierCV isotonic",
        "OneVsRestClassifier",
        "NearestCentroid",
    ],
)
def test_a_head_can_be_written_for_every_opset(name, opset):
    model = agree(zoo.classifier(name), zoo.vectors(), opset=opset)
    onnx.checker.check_model(model.proto, full_check=True)


@pytest.mark.filterwarnings("ignore:.*`probability` parameter")
@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("name", [*zoo.CLASSIFIERS])
def test_in_float64_nothing_is_lost(name):
    """The same arithmetic as scikit-learn's: what is left is the rounding of the outputs."""
    estimator = zoo.classifier(name, 2 if "liblinear" in name else 4)
    x = np.concatenate([zoo.vectors(), zoo.extremes()])
    got = run(lower(estimator, opset=17, ir_version=8, precision="float64"), {"vectors": x})
    for output, array in said(estimator, [x]).items():
        np.testing.assert_allclose(got[output], array, rtol=1e-6, atol=1e-7)


def test_several_questions_are_answered_each_for_itself():
    x, y = zoo.data(4, np.float64)
    both = np.stack([y, np.where(x[:, 0] > 0, "up", "down")], axis=1)
    estimator = make_pipeline(StandardScaler(), MultiOutputClassifier(zoo.logistic())).fit(x, both)
    model = agree(estimator, zoo.vectors())
    assert model.outputs == tuple(
        f"head_{i}_{end}" for i in (0, 1) for end in ("scores", "id", "confidence")
    )


@pytest.mark.parametrize("label", ["neg", "pos"])
@pytest.mark.parametrize("inner", [zoo.logistic, zoo.linear_svc])
def test_a_threshold_of_the_users_decides(inner, label):
    x, y = zoo.data(2, np.float64)
    words = np.where(y == np.unique(y)[0], "neg", "pos")
    fixed = FixedThresholdClassifier(inner(), threshold=0.2, pos_label=label).fit(x, words)
    vectors = zoo.vectors()
    assert (fixed.predict(vectors) != fixed.estimator_.predict(vectors)).any()
    agree(fixed, vectors)


def test_a_threshold_that_was_tuned_decides():
    x, y = zoo.data(2, np.float64)
    tuned = TunedThresholdClassifierCV(zoo.logistic(), scoring="precision", cv=2)
    agree(tuned.fit(x, (y == y[0]).astype(int)), zoo.vectors())


def test_classes_far_from_zero_are_told_apart():
    x, y = zoo.data(4, np.float64)
    far = zoo.gnb().fit(x + 1e4, y)
    agree(far, (zoo.vectors() + 1e4).astype(np.float32))


def test_a_chain_may_begin_with_nothing():
    x, y = zoo.data(4, np.float64)
    chain = Pipeline([("nothing", "passthrough"), ("kind", zoo.logistic())])
    agree(chain.fit(x, y), zoo.vectors())


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("name", zoo.ENSEMBLES)
def test_trees_neighbours_and_what_is_made_of_others_answer_as_scikit_learn_does(name, classes):
    model = agree(zoo.ensemble_of(name, classes), zoo.vectors(), zoo.extremes(), allow_ml=True)
    onnx.checker.check_model(model.proto, full_check=True)


@pytest.mark.parametrize("name", zoo.ENSEMBLE_REGRESSORS)
def test_a_regressor_of_trees_neighbours_or_others_predicts_what_scikit_learn_predicts(name):
    agree(zoo.ensemble_regressor(name), zoo.vectors(), zoo.extremes(), allow_ml=True)


@pytest.mark.parametrize("name", zoo.SEVERAL_LABELS)
def test_several_labels_a_sample_are_answered_each_for_itself(name):
    model = agree(zoo.of_several_labels(name), zoo.vectors(), zoo.extremes(), allow_ml=True)
    assert len(model.outputs) == 9


@pytest.mark.parametrize("name", ["OneVsRestClassifier of probabilities", "OneVsRestClassifier"])
def test_probabilities_that_leave_float32_are_shared_as_in_float64(name):
    """Far from all classes, each is less likely than float32 can say."""
    agree(zoo.classifier(name, 4), zoo.vectors(50))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("wrapper", [OneVsOneClassifier, OneVsRestClassifier])
def test_a_centroid_that_decides_otherwise_than_its_margin_says_decides(wrapper, classes):
    x, y = zoo.data(classes, np.float64)
    x[y == y[0]] *= 3  # classes of other spreads and sizes
    keep = np.arange(len(y))[(y != y[0]) | (np.arange(len(y)) % 3 == 0)]
    agree(wrapper(NearestCentroid(priors="empirical")).fit(x[keep], y[keep]), zoo.vectors())


def test_equal_calibrated_scores_are_a_tie_as_in_scikit_learn():
    x, y = zoo.data(4, np.float64, rows=60)
    estimator = CalibratedClassifierCV(zoo.linear_svc(), method="isotonic", ensemble=False, cv=2)
    estimator.fit(x, y)
    vectors = zoo.vectors(3, 400)
    best = np.sort(estimator.predict_proba(vectors.astype(np.float64)), axis=1)
    assert (best[:, -1] == best[:, -2]).sum() > 5, "no row tests what this is for"
    agree(estimator, vectors)


def test_margins_of_many_are_their_mean_where_another_asks_for_them():
    x, y = zoo.data(3, np.float64)
    many = BaggingClassifier(zoo.logistic(), 3, max_samples=20, random_state=0)
    agree(OneVsOneClassifier(many).fit(x, y), zoo.vectors())
    others = BaggingClassifier(
        zoo.CLASSIFIERS["QuadraticDiscriminantAnalysis"](), 3, max_samples=30
    )
    others.set_params(random_state=0)  # their mean margin and their mean probability disagree
    agree(OneVsOneClassifier(others).fit(x, y), zoo.vectors())


@pytest.mark.parametrize("scale", [30, 100, 300])
def test_sigmoids_that_are_all_zero_in_float64_are_shared_alike(scale):
    x, y = zoo.data(3, np.float64)
    estimator = zoo.fitted(make_pipeline(PolynomialFeatures(), zoo.log_loss()), x, y)
    vectors = zoo.vectors(scale, 400)
    alike = np.ptp(estimator.predict_proba(vectors.astype(np.float64)), axis=1) == 0
    assert alike.any(), "no row tests what this is for"
    agree(estimator, vectors)


def test_votes_that_are_equal_are_told_apart_by_margins_however_large():
    agree(zoo.classifier("OneVsOneClassifier"), zoo.vectors(1e6))


@pytest.mark.parametrize("opset", [9, 10, 13, 18, 26])
@pytest.mark.parametrize("name", ["KNeighborsClassifier distance", "RandomForestClassifier"])
def test_neighbours_and_trees_can_be_written_for_every_opset(name, opset):
    model = agree(zoo.ensemble_of(name, 3), zoo.vectors(), opset=opset, allow_ml=True)
    assert model.opset == opset


def test_a_chain_that_knows_columns_by_their_names_is_asked_by_them():
    pandas = pytest.importorskip("pandas")
    x, y = zoo.data(3, np.float64)
    table = pandas.DataFrame(x, columns=list("abcde"))
    parts = ColumnTransformer([("some", StandardScaler(), ["b", "d"])], remainder="passthrough")
    agree(make_pipeline(parts, zoo.logistic()).fit(table, y), zoo.vectors())


SHARED = {"_plain", "_chosen", "_rotated", "_margin_only", "<lambda>"}
"""Functions that serve many estimators: linear regressors, choices of columns, linear classifiers
without probabilities, and what stands for another. One of each is tried."""


def test_every_rule_is_exercised():
    zoos = (
        zoo.CLASSIFIERS,
        zoo.BEFORE,
        zoo.REGRESSORS,
        zoo.CLUSTERERS,
        zoo.ENSEMBLES,
        zoo.ENSEMBLE_REGRESSORS,
        zoo.SEVERAL_LABELS,
    )
    tried = {
        "Pipeline",
        "MultiOutputClassifier",
        "FixedThresholdClassifier",
        "TunedThresholdClassifierCV",
        *(name.split(" ")[0] for each in zoos for name in each),
    }
    for name, rule in ESTIMATORS.items():
        parts = (rule.transform, rule.decide, rule.decide_all, rule.predict)
        assert name in tried or {part.__name__ for part in parts if part} <= SHARED, name
