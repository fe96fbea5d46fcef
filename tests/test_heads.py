import pkgutil
from dataclasses import replace

import numpy as np
import onnx
import pytest

import onnxprobe.heads.novelty
from onnxprobe.errors import StitchError
from onnxprobe.heads import HEADS, NOVELTY, Layer, LinearHead, Novelty, folded
from onnxprobe.runtime import run

RNG = np.random.default_rng(0)


def head(kind, widths=(6,), classes=4, threshold=0.5, name="domain"):
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(classes, sum(widths))).astype(np.float32)
    return LinearHead(
        kind=HEADS[kind],
        weight=weight,
        bias=rng.normal(size=classes).astype(np.float32),
        threshold=np.full(classes, threshold, np.float32),
        classes=tuple(f"c{i}" for i in range(classes)),
        widths=widths,
        name=name,
    )


@pytest.mark.parametrize("opset", [9, 11, 12, 13, 17, 18, 26])
@pytest.mark.parametrize("widths", [(6,), (2, 3, 1)])
@pytest.mark.parametrize("kind", HEADS)
def test_graph_and_numpy_agree(kind, widths, opset):
    vectors = [RNG.normal(size=(50, w)).astype(np.float32) for w in widths]
    trained = head(kind, widths)
    model = trained.model(opset=opset, ir_version=8)
    got = run(model, dict(zip(trained.inputs, vectors, strict=True)))
    expected = dict(zip(trained.outputs, trained(vectors), strict=True))
    for name, array in expected.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-5, atol=1e-6)
        assert (got[name].dtype, got[name].shape) == (array.dtype, array.shape)


def novelty(measure, d=6, classes=4, limit=1.0):
    rng = np.random.default_rng(4)
    if measure == "energy":
        return Novelty(NOVELTY[measure], limit, np.zeros((0, classes), np.float32))
    anchors = rng.normal(size=(9, 5)).astype(np.float32)
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    weight, bias = rng.normal(size=(5, d)).astype(np.float32), rng.normal(size=5)
    return Novelty(NOVELTY[measure], limit, anchors, weight, bias.astype(np.float32))


def hidden(d=6, h=7):
    rng = np.random.default_rng(5)
    return Layer(rng.normal(size=(h, d)).astype(np.float32), rng.normal(size=h).astype(np.float32))


@pytest.mark.parametrize("opset", [9, 11, 13, 17, 18, 26])
@pytest.mark.parametrize("measure", NOVELTY)
def test_graph_and_numpy_agree_on_novelty_behind_a_hidden_layer(measure, opset):
    vectors = RNG.normal(size=(60, 6)).astype(np.float32)
    limit = float(np.median(_strange(measure, vectors)))
    trained = replace(
        head("softmax", threshold=0.0),
        weight=np.random.default_rng(6).normal(size=(4, 7)).astype(np.float32),
        hidden=hidden(),
        novelty=novelty(measure, limit=limit),
    )
    got = run(trained.model(opset=opset, ir_version=8), {"vectors": vectors})
    expected = trained.named([vectors])
    assert list(expected) == [f"domain_{n}" for n in ("scores", "id", "confidence", "novelty")]
    assert 0 < (expected["domain_id"] == -1).sum() < 60
    for name, array in expected.items():
        np.testing.assert_allclose(got[name], array, rtol=1e-5, atol=1e-5)
        assert (got[name].dtype, got[name].shape) == (array.dtype, array.shape)


def _strange(measure, vectors):
    known = np.maximum(vectors @ hidden().weight.T + hidden().bias, 0)
    weight = np.random.default_rng(6).normal(size=(4, 7)).astype(np.float32)
    return novelty(measure)(vectors, known @ weight.T + head("softmax").bias)


def test_mahalanobis_is_the_distance_to_the_nearest_anchor():
    anchors, x = RNG.normal(size=(5, 3)), RNG.normal(size=(40, 3))
    far = np.linalg.norm(x[:, None] - anchors, axis=2).min(axis=1)
    found = NOVELTY["mahalanobis"].apply(x.astype(np.float32), anchors.astype(np.float32))
    np.testing.assert_allclose(found[:, 0], far, rtol=1e-4)


def test_nearest_is_one_minus_the_cosine_with_the_likest_anchor():
    anchors, x = RNG.normal(size=(5, 3)), RNG.normal(size=(40, 3))
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    cosine = (x / np.linalg.norm(x, axis=1, keepdims=True)) @ anchors.T
    found = NOVELTY["nearest"].apply(x.astype(np.float32), anchors.astype(np.float32))
    np.testing.assert_allclose(found[:, 0], 1 - cosine.max(axis=1), atol=1e-5)


def test_energy_is_minus_the_log_of_the_summed_exponentials_and_does_not_overflow():
    logits = RNG.normal(size=(40, 4)).astype(np.float32)
    none = np.zeros((0, 4), np.float32)
    found = NOVELTY["energy"].apply(logits, none)
    np.testing.assert_allclose(found[:, 0], -np.log(np.exp(logits).sum(axis=1)), rtol=1e-4)
    assert np.isfinite(NOVELTY["energy"].apply(logits * np.float32(1e4), none)).all()


def test_a_strange_sample_is_none_of_the_classes_and_says_its_highest_score():
    trained = replace(head("softmax", threshold=0.0), novelty=novelty("nearest", limit=-1.0))
    answers = trained([RNG.normal(size=(20, 6)).astype(np.float32)])
    assert (answers.id == -1).all()
    np.testing.assert_array_equal(answers.confidence[:, 0], answers.scores.max(axis=1))


def test_a_hidden_layer_that_does_not_fit_is_refused():
    with pytest.raises(StitchError, match="gives 7 numbers, but the last one reads 6"):
        replace(head("softmax"), hidden=hidden())


def test_every_measure_of_novelty_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.heads.novelty.__path__)}
    assert files - {"_base"} == set(NOVELTY)


@pytest.mark.parametrize("kind", HEADS)
def test_extreme_vectors_give_finite_scores_in_both(kind):
    vectors = [np.array([[1e4] * 6, [-1e4] * 6, [0] * 6], np.float32)]
    trained = head(kind)
    got = run(trained.model(opset=17, ir_version=8), {"vectors": vectors[0]})
    scores = trained(vectors).scores
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(got["domain_scores"], scores, atol=1e-6)


def test_minus_one_means_that_no_score_is_above_its_threshold():
    trained = head("detectors", threshold=0.9)
    vectors = [RNG.normal(size=(200, 6)).astype(np.float32)]
    answers = trained(vectors)
    none = (answers.scores <= 0.9).all(axis=1)
    assert 0 < none.sum() < 200
    np.testing.assert_array_equal(answers.id[:, 0] == -1, none)
    np.testing.assert_array_equal(answers.confidence[none, 0], answers.scores[none].max(axis=1))


def test_the_best_is_the_best_above_its_own_threshold():
    trained = LinearHead(
        HEADS["detectors"],
        np.eye(2, dtype=np.float32),
        np.zeros(2, np.float32),
        np.array([0.99, 0.5], np.float32),
        ("strict", "easy"),
        (2,),
    )
    answers = trained([np.array([[3.0, 1.0]], np.float32)])  # scores .95 and .73
    assert answers.id == [[1]]
    assert answers.confidence == answers.scores[:, 1:]


@pytest.mark.parametrize("transform", [RNG.uniform(0.1, 3, 5), RNG.normal(size=(5, 3))])
def test_folding_changes_nothing(transform):
    x, center = RNG.normal(size=(20, 5)), RNG.normal(size=5)
    z = (x - center) * transform if transform.ndim == 1 else (x - center) @ transform
    weight, bias = RNG.normal(size=(4, z.shape[1])), RNG.normal(size=4)
    w, b = folded(weight, bias, center=center, transform=transform)
    np.testing.assert_allclose(x @ w.T + b, z @ weight.T + bias, rtol=1e-4, atol=1e-4)


def test_a_head_is_plain_onnx_with_numeric_outputs_of_rank_two():
    model = head("detectors", (3, 3)).model(opset=13, ir_version=7)
    onnx.checker.check_model(model.proto, full_check=True)
    assert {o.domain for o in model.proto.opset_import} == {""}
    assert [str(model.value(name)) for name in model.outputs] == [
        "domain_scores float32[N×4]",
        "domain_id int64[N×1]",
        "domain_confidence float32[N×1]",
    ]


def test_its_name_begins_its_outputs():
    assert head("softmax", name="age").outputs == ("age_scores", "age_id", "age_confidence")


def test_weights_that_do_not_fit_the_widths_are_refused():
    with pytest.raises(StitchError, match=r"weights \(4, 6\) for 4 classes and 7 numbers a sample"):
        LinearHead(
            HEADS["softmax"],
            np.zeros((4, 6), np.float32),
            np.zeros(4, np.float32),
            np.zeros(4, np.float32),
            ("a", "b", "c", "d"),
            (7,),
        )


def test_every_file_is_registered():
    files = {m.name for m in pkgutil.iter_modules(onnxprobe.heads.__path__)}
    assert files - {"_base", "folding", "linear", "novelty"} == set(HEADS)


@pytest.mark.parametrize("kind", HEADS)
def test_of_scores_that_are_all_one_the_highest_is_the_answer_in_both_forms(kind):
    """Noise drives detectors far beyond what float32 can tell from 1; the order of sums must not decide."""
    trained = replace(head(kind), threshold=np.zeros(4, np.float32))
    vectors = RNG.normal(size=(50, 6)).astype(np.float32) * 1000
    answers = trained([vectors])
    logits = vectors @ trained.weight.T + trained.bias
    if kind == "detectors":
        assert ((answers.scores == 1).sum(axis=1) > 1).any()
    got = run(trained.model(opset=17, ir_version=8), {"vectors": vectors})
    np.testing.assert_array_equal(got["domain_id"], answers.id)
    some = answers.id[:, 0] >= 0  # of the others, no score is above its threshold
    assert some.sum() > 30
    np.testing.assert_array_equal(answers.id[some, 0], logits.argmax(axis=1)[some])
    np.testing.assert_array_equal(got["domain_confidence"], answers.confidence)
