import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, roc_auc_score

from recipes.heads.figures import areas, calibration_error, confusion, curve

RNG = np.random.default_rng(0)
LABELS = RNG.choice(4, 500, p=(0.5, 0.3, 0.15, 0.05))
MEMBER = LABELS[:, None] == np.arange(4)


def softmax(logits):
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


SCORES = softmax(RNG.normal(size=(500, 4)) + 1.5 * MEMBER)


@pytest.mark.parametrize("how", ["ovr", "ovo"])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_areas_are_those_of_scikit_learn(how, average):
    expected = roc_auc_score(LABELS, SCORES, multi_class=how, average=average)
    assert areas(MEMBER, SCORES)[f"{how}_{average}"] == pytest.approx(expected, abs=1e-4)


def test_rows_of_both_classes_say_nothing_about_the_pair():
    member = np.array([[1, 0], [0, 1], [1, 1], [1, 1]], bool)
    scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.0, 0.0], [0.0, 0.0]])
    assert areas(member, scores)["ovo_macro"] == 1.0


def test_chances_that_hold_have_no_calibration_error_and_bold_ones_have():
    logits = 2 * RNG.normal(size=(40_000, 3))
    chance = softmax(logits)
    label = (RNG.random((40_000, 1)) > chance.cumsum(axis=1)).sum(axis=1)
    member = label[:, None] == np.arange(3)
    assert calibration_error(member, chance) < 0.01
    assert calibration_error(member, softmax(4 * logits)) > 0.1


def test_certainty_that_is_always_right_is_calibrated():
    assert calibration_error(MEMBER, MEMBER.astype(np.float32)) == 0.0


def test_leaving_out_the_strange_makes_answers_purer_where_strangeness_means_error():
    wrong = SCORES.argmax(axis=1) != LABELS
    points = curve(MEMBER, SCORES, wrong + 0.5 * RNG.random(500))
    assert points[-1] == {"coverage": 1.0, "purity": pytest.approx(1 - wrong.mean(), abs=1e-3)}
    assert points[0]["purity"] == 1.0
    purity = [point["purity"] for point in points]
    assert purity == sorted(purity, reverse=True)


def test_confusions_are_those_of_scikit_learn_with_a_column_for_none():
    answer = SCORES.argmax(axis=1)
    answer[:30] = -1
    table = np.array(confusion(MEMBER, answer))
    np.testing.assert_array_equal(table[:, :4], confusion_matrix(LABELS[30:], answer[30:]))
    np.testing.assert_array_equal(table[:, 4], np.bincount(LABELS[:30], minlength=4))
