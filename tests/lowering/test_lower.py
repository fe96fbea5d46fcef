import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
import zoo
from sklearn.cluster import DBSCAN
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from sklearn.svm import SVC

from onnxprobe.errors import LoweringError, NoSuchNameError, StitchError, VersionError
from onnxprobe.lowering import HEADS, lower, said
from onnxprobe.runtime import run


def lowered(estimator, **settings):
    return lower(estimator, **{"opset": 17, "ir_version": 8, **settings})


def ops(model):
    return [node.op for node in model.nodes]


def facts(model):
    return json.loads(model.metadata[HEADS])


def chain(*steps):
    return zoo.fitted(make_pipeline(*steps), *zoo.data(4, np.float64))


def test_scaler_projection_and_linear_layer_are_one_gemm():
    model = lowered(chain(StandardScaler(), PCA(3, whiten=True), LogisticRegression()))
    assert ops(model)[:2] == ["Gemm", "Softmax"]
    assert ops(model).count("Gemm") == 1
    assert "Sub" not in ops(model)


def test_one_against_the_rest_is_one_gemm_too():
    model = lowered(zoo.classifier("OneVsRestClassifier"))
    assert ops(model).count("Gemm") == 1


def test_a_centre_that_would_cancel_is_subtracted_first():
    """Activations around 1e4 that vary by 0.1: one Gemm would lose two digits of three."""
    rng = np.random.default_rng(0)
    x = 1e4 + rng.normal(size=(300, 8)) * 0.1
    y = zoo.LABELS[(x[:, 0] > 1e4) * 2 + (x[:, 1] > 1e4)]
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    vectors = x.astype(np.float32)
    model = lowered(estimator)
    assert ops(model)[:2] == ["Sub", "Gemm"]
    got, expected = run(model, {"vectors": vectors}), said(estimator, [vectors])
    np.testing.assert_allclose(got["head_scores"], expected["head_scores"], atol=1e-5)
    np.testing.assert_array_equal(got["head_id"], expected["head_id"])


def test_a_channel_that_is_dead_in_one_class_does_not_drown_the_others():
    """Its variance is 1e-9 of the largest, so its term is 1e8: float32 has no digits left beside it."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 4)), np.arange(200) % 3
    x[:, 0] += y
    x[:, 3] = 0.0
    estimator = GaussianNB().fit(x, y)
    vectors = rng.normal(size=(300, 4)).astype(np.float32)
    got, expected = run(lowered(estimator), {"vectors": vectors}), said(estimator, [vectors])
    np.testing.assert_allclose(got["head_scores"], expected["head_scores"], atol=1e-5)
    np.testing.assert_array_equal(got["head_id"], expected["head_id"])


def test_features_that_are_dead_in_several_classes_do_not_drown_the_others():
    """As many in one as in another: their terms of 1e9 are the same, and what is left decides."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(240, 8)), np.arange(240) % 4
    x[:, :4] = (np.arange(4)[None] == y[:, None]) | (rng.random((240, 4)) < 0.5)
    x[y < 2, 2:4] = 0.0
    x[y > 1, 0:2] = 0.0
    estimator = GaussianNB().fit(x, y)
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    vectors[:, :4] = rng.random((300, 4)) < 0.5
    got, expected = run(lowered(estimator), {"vectors": vectors}), said(estimator, [vectors])
    np.testing.assert_allclose(got["head_scores"], expected["head_scores"], atol=1e-5)
    np.testing.assert_array_equal(got["head_id"], expected["head_id"])


def test_many_features_do_not_add_up_to_noise():
    """500 terms of about 1: their sum has an error of 1e-4, their differences do not."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = rng.normal(size=(300, 500)) + 0.05 * rng.normal(size=(3, 500))[y]
    estimator, vectors = GaussianNB().fit(x, y), rng.normal(size=(300, 500)).astype(np.float32)
    got, expected = run(lowered(estimator), {"vectors": vectors}), said(estimator, [vectors])
    np.testing.assert_allclose(got["head_scores"], expected["head_scores"], atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "CalibratedClassifierCV",
        "CalibratedClassifierCV one fold",
        "OneVsRestClassifier of sigmoids",
    ],
)
def test_classes_that_are_all_but_certain_are_told_apart_as_in_float64(name):
    """Sigmoids of 20 and of 30 are both 1 in float32; from 33 on float64 runs out of digits too."""
    estimator, vectors = zoo.classifier(name), zoo.vectors(30, 3000)
    best = np.sort(estimator.predict_proba(vectors.astype(np.float64)), axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-13
    assert (clear & (best[:, -1] - best[:, -2] < 1e-8)).any(), "no row tests what this is for"
    got, expected = run(lowered(estimator), {"vectors": vectors}), said(estimator, [vectors])
    np.testing.assert_array_equal(got["head_id"][clear], expected["head_id"][clear])


def test_a_head_is_plain_onnx_with_numeric_outputs_of_rank_two():
    model = lowered(zoo.classifier("SVC"), name="kind")
    onnx.checker.check_model(model.proto, full_check=True)
    assert {o.domain for o in model.proto.opset_import} == {""}
    assert [str(model.value(n)) for n in (*model.inputs, *model.outputs)] == [
        "vectors float32[N×5]",
        "kind_scores float32[N×4]",
        "kind_id int64[N×1]",
        "kind_confidence float32[N×1]",
    ]


@pytest.mark.parametrize("batch", [1, "batch"])
def test_the_batch_is_what_the_backbone_calls_it(batch):
    model = lowered(zoo.classifier("SVC"), batch=batch)
    assert {model.value(name).shape[0] for name in (*model.inputs, *model.outputs)} == {batch}


@pytest.mark.parametrize("labels", [("cat", "dog"), (3, 7), (False, True)])
def test_labels_are_in_the_metadata_and_answers_are_their_indices(labels):
    x, _ = zoo.data(2, np.float64)
    estimator = LogisticRegression().fit(x, np.array(labels)[(x[:, 0] > 0).astype(int)])
    model = lowered(estimator)
    (fact,) = facts(model)
    assert (fact["classes"], fact["estimator"]) == (list(labels), "LogisticRegression")
    assert set(np.unique(run(model, {"vectors": x.astype(np.float32)})["head_id"])) == {0, 1}


def test_metadata_says_what_scores_are():
    kinds = {
        name: facts(lowered(zoo.classifier(name)))[0]["kind"] for name in ("SVC", "GaussianNB")
    }
    assert kinds == {"SVC": "margin", "GaussianNB": "probability"}
    assert facts(lowered(zoo.clusterer("KMeans")))[0]["kind"] == "negative distance"
    chained = chain(StandardScaler(), PCA(2), LogisticRegression())
    assert facts(lowered(chained))[0]["estimator"] == "StandardScaler > PCA > LogisticRegression"


def test_several_probes_are_read_side_by_side():
    estimator, x = zoo.classifier("SVC"), zoo.vectors()
    model = lowered(estimator, widths=(2, 3))
    got = run(model, {"vectors_0": x[:, :2], "vectors_1": x[:, 2:]})
    np.testing.assert_array_equal(got["head_id"], said(estimator, [x[:, :2], x[:, 2:]])["head_id"])


def test_the_wrong_width_is_refused_with_both_sides():
    with pytest.raises(
        StitchError, match=r"the probes give 7 \(4 \+ 3\) numbers a sample but SVC was fitted on 5"
    ):
        lowered(zoo.classifier("SVC"), widths=(4, 3))


def one_class():
    return GaussianNB().fit(zoo.vectors(rows=3), ["a"] * 3)


class Own:
    pass


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LogisticRegression, "LogisticRegression is not fitted; call fit before"),
        (one_class, "'head' was fitted on one class, a; a head needs two or more"),
        (Own, r"test_lower.Own is not of scikit-learn; export it as .onnx and give that"),
        (
            lambda: RandomForestClassifier(2).fit(*zoo.data(2, np.float64)),
            "RandomForestClassifier has no form in plain ONNX operators; with --allow-ml it is written with",
        ),
        (
            lambda: SVC(decision_function_shape="ovo").fit(*zoo.data(4, np.float64)),
            "set its decision_function_shape to 'ovr', which needs no new fit",
        ),
        (
            lambda: SVC(kernel="precomputed").fit(np.eye(4), [0, 1, 0, 1]),
            "SVC with kernel 'precomputed' has no form in ONNX",
        ),
        (
            lambda: NearestCentroid(metric="manhattan").fit(*zoo.data(2, np.float64)),
            "fit it with 'euclidean'",
        ),
        (
            lambda: make_pipeline(StandardScaler(), RandomForestClassifier(2)).fit(
                *zoo.data(2, np.float64)
            ),
            "RandomForestClassifier has no form",
        ),
        (lambda: make_pipeline(SVC(), LogisticRegression()), "Pipeline is not fitted"),
        (
            lambda: SVC().fit(*zoo.data(3, np.float64), sample_weight=[0.0, 1.0, 1.0] * 30),
            "SVC has 3 classes but support vectors of 2: the samples it was given, or drew",
        ),
        (
            lambda: DBSCAN().fit(zoo.vectors()),
            "DBSCAN says nothing of samples that it was not fitted on",
        ),
        (
            lambda: SplineTransformer().fit(zoo.vectors()),
            "SplineTransformer has no form in plain ONNX operators; --allow-ml tries skl2onnx",
        ),
        (
            lambda: SVC(kernel=lambda a, b: a @ b.T).fit(*zoo.data(2, np.float64)),
            "SVC with kernel '<lambda>' has no form in ONNX; there is linear, rbf, poly and sigmoid",
        ),
        (
            lambda: make_pipeline(FunctionTransformer(np.cbrt), SVC()).fit(
                *zoo.data(2, np.float64)
            ),
            r"FunctionTransformer with 'cbrt' has no form in ONNX; there is 'numpy.absolute'",
        ),
    ],
)
def test_what_cannot_be_a_head_says_why(estimator, message):
    with pytest.raises(LoweringError, match=message):
        lowered(estimator())


def test_misspelt_precision_and_an_opset_out_of_range_are_refused():
    with pytest.raises(
        NoSuchNameError, match="no precision named 'float16'; did you mean 'float64'"
    ):
        lowered(zoo.classifier("SVC"), precision="float16")
    with pytest.raises(VersionError, match="opset 7 to 26, not 27"):
        lowered(zoo.classifier("SVC"), opset=27)


def test_lowering_imports_no_scikit_learn():
    code = "import sys, onnxprobe.lowering; print([m for m in ('sklearn', 'skl2onnx', 'joblib', 'skops') if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "[]\n"
    )
