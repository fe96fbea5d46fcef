import numpy as np
import pytest
from blobs import crowd

from onnxprobe.heads import HEADS
from recipes.grouped import Grouped, partition
from recipes.heads.choice import Choice
from recipes.heads.split import Sides, Split

RNG = np.random.default_rng(0)
CENTRES = 5 * np.linalg.qr(RNG.normal(size=(24, 24)))[0][:5].astype(np.float32)
QUICK = Choice(folds=3)


def classes(sizes=(160, 120, 80, 60, 40), noise=0, seed=1):
    """Classes round centres of their own, and pictures of none far from all."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(len(sizes)), sizes)
    x = CENTRES[label] + rng.normal(size=(len(label), 24))
    strange = rng.normal(size=(noise, 24)) + 6 * rng.choice([-1, 1], (noise, 24))
    label = np.r_[label, np.full(noise, -1)]
    order = rng.permutation(len(label))
    return np.vstack([x, strange])[order].astype(np.float32), label[order]


def labelled(label, count=5):
    member = label[:, None] == np.arange(count)
    return Grouped(member, ("v",) * count, (None,) * count, tuple("abcde"))


@pytest.fixture(scope="module")
def case():
    x, label = classes(noise=120)
    return x, label, QUICK({"v": x}, labelled(label))


def test_classes_are_told_apart_and_strangers_are_in_none(case):
    x, label, trained = case
    aside = np.array(trained.split) == "heldout"
    assert min(trained.recall) > 0.85
    assert trained.heldout["ece"] < 0.25  # of all rows, strangers too, which no chance foresees
    said = head(trained)([x]).id[:, 0]
    assert (said[aside & (label < 0)] == -1).mean() > 0.95
    assert (said[aside & (label >= 0)] >= 0).mean() > 0.9


def head(trained):
    return trained.head(HEADS["softmax"], tuple("abcde"), (24,))


def test_rejection_is_measured_against_what_was_in_no_class(case):
    facts = case[2].heldout["rejection"]
    assert facts["against"] == "pictures in no group"
    assert facts["auroc"][facts["measure"]] > 0.98
    assert set(facts["auroc"]) == {"highest score", "nearest", "mahalanobis", "energy"}


def test_without_strangers_classes_are_left_out_in_turn():
    x, label = classes()
    facts = QUICK({"v": x}, labelled(label)).heldout["rejection"]
    assert facts["against"] == "classes left out in turn"
    assert facts["auroc"][facts["measure"]] > 0.95


def test_the_heads_are_compared_and_the_one_asked_for_is_taken(case):
    x, label, trained = case
    assert set(trained.heldout["heads"]) == {"linear", "mlp", "centroid"}
    assert all(figures["macro_f1"] > 0.9 for figures in trained.heldout["heads"].values())
    assert trained.hidden_weight is None
    perceptron = Choice(folds=2, head="mlp")({"v": x}, labelled(label))
    assert perceptron.hidden_weight.shape == (128, 24)
    assert min(perceptron.recall) > 0.85


def test_the_figures_are_those_of_the_answers(case):
    x, label, trained = case
    aside = np.array(trained.split) == "heldout"
    said = head(trained)([x]).id[:, 0]
    table = np.array(trained.heldout["confusion"])
    for k in range(5):
        own = aside & (label == k)
        assert table[k].sum() == own.sum()
        assert trained.recall[k] == pytest.approx((said[own] == k).mean(), abs=1e-4)
        assert table[k, 5] == (said[own] == -1).sum()
    assert trained.heldout["answered"] == pytest.approx((said[aside] >= 0).mean(), abs=1e-4)
    assert trained.heldout["curve"][0]["purity"] == 1.0


def test_heldout_rows_teach_nothing(case):
    x, label, trained = case
    aside = np.array(trained.split) == "heldout"
    spoilt = np.where(aside[:, None], 1000, x).astype(np.float32)
    again = QUICK({"v": spoilt}, labelled(label), Sides(aside))
    assert (again.weight == trained.weight).all()
    assert (again.anchors == trained.anchors).all()
    assert again.limit == trained.limit


def test_pictures_without_a_label_neither_teach_nor_score():
    x, label = classes(noise=100)
    told = np.broadcast_to((label >= 0)[:, None], (len(x), 5)).copy()
    groups = Grouped(labelled(label).member, ("v",) * 5, (None,) * 5, tuple("abcde"), told)
    trained = QUICK({"v": x}, groups)
    assert trained.heldout["rejection"]["against"] == "classes left out in turn"
    assert all(value > 0.8 for value in trained.precision)
    assert (
        np.sum(trained.heldout["confusion"])
        == ((np.array(trained.split) == "heldout") & (label >= 0)).sum()
    )


def test_shares_come_out_right_where_classes_overlap_and_are_of_any_size():
    rng = np.random.default_rng(3)
    label = np.repeat([0, 1, 2], [1500, 200, 100])
    x = (1.5 * CENTRES[label] / 5 + rng.normal(size=(1800, 24))).astype(np.float32)
    trained = QUICK({"v": x}, partition(label, "v"))
    assert all(0.7 < ratio < 1.35 for ratio in trained.share_ratio)
    assert trained.heldout["ece"] < 0.06


def test_rejection_can_be_left_out():
    x, label = classes(noise=60)
    trained = Choice(folds=2, rejection="none")({"v": x}, labelled(label))
    assert trained.novelty is None
    assert (head(trained)([x]).id >= 0).all()
    assert trained.heldout["rejection"]["measure"] is None


@pytest.mark.parametrize("measure", ["nearest", "mahalanobis", "energy"])
def test_about_the_share_that_was_asked_for_is_answered(measure):
    x, label = classes()
    trained = Choice(folds=3, keep=0.8, rejection=measure)({"v": x}, labelled(label))
    assert trained.novelty == measure
    assert trained.heldout["answered"] == pytest.approx(0.8, abs=0.13)


def test_two_classes_are_enough():
    x, label = classes((90, 70))
    groups = partition(label, "v")
    for kind in ("linear", "mlp", "centroid"):
        trained = Choice(folds=2, head=kind)({"v": x}, groups)
        assert min(trained.recall) > 0.8
        assert trained.heldout["rejection"]["against"] is None


def test_a_class_that_all_lies_on_one_side_does_not_break_the_folds():
    x, label = classes((60, 60, 60))
    sides = Sides(np.arange(len(x)) % 3 == 0, np.where(label == 2, 10_000, np.arange(len(x))))
    trained = Choice(folds=3)({"v": x}, partition(label, "v"), sides)
    assert np.isfinite(trained.weight).all()


def test_without_classes_there_is_no_head():
    trained = QUICK(
        {"v": crowd(60)}, partition(np.full(60, -1), "v"), Split().deal(np.ones((60, 1), bool))
    )
    assert trained.weight.shape == (0, 24)


def test_the_same_seed_gives_the_same_head(case):
    x, label, trained = case
    again = QUICK({"v": x}, labelled(label))
    assert (again.weight == trained.weight).all()
    assert (again.anchors == trained.anchors).all()
