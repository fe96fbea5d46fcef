from dataclasses import replace

import numpy as np
import pytest
from blobs import crowd, planted

from onnxprobe.errors import RecipeError
from onnxprobe.heads import HEADS
from recipes.groups.clustering import Groups
from recipes.heads.classifier import Detectors
from recipes.heads.noise import Noise


def groups(member, views):
    ones = np.ones(member.shape[1])
    return Groups(member, tuple(views), ones, ones, ones)


@pytest.fixture(scope="module")
def case():
    x, a = planted((40,), seed=0)
    y, b = planted((50, 20), seed=7)
    member = np.column_stack([a == 1, b == 1, b == 2])
    return {"x": x, "y": y}, groups(member, ("x", "y", "y"))


@pytest.fixture(scope="module")
def trained(case):
    return Detectors()(*case)


def test_planted_domains_are_found_on_rows_that_were_kept_aside(trained):
    assert trained.heldout["rows"] == trained.split.count("heldout")
    assert trained.heldout["macro_f1"] > 0.9
    assert trained.heldout["macro_auc"] > 0.98
    assert trained.heldout["majority"] == pytest.approx(50 / 600, abs=0.01)
    assert all(0.8 <= ratio <= 1.25 for ratio in trained.share_ratio)


def test_the_figures_are_of_the_heldout_rows_alone(case, trained):
    aside = np.array(trained.split) == "heldout"
    member, said = case[1].member[aside], trained.predicted[aside]
    recall = (member & said).sum(axis=0) / member.sum(axis=0)
    np.testing.assert_allclose(trained.recall, recall, atol=1e-4)  # rounded to four digits
    assert trained.heldout["worst_recall"] == min(trained.recall)


def test_the_weights_say_what_was_predicted(case, trained):
    views, _ = case
    logits = np.hstack(list(views.values())) @ trained.weight.T + trained.bias
    scores = 1 / (1 + np.exp(-logits))
    known = ids(trained, views) >= 0
    assert known.mean() > 0.15
    assert ((scores > trained.threshold)[known] == trained.predicted[known]).all()
    assert not trained.predicted[~known].any()


def ids(trained, views):
    head = trained.head(HEADS["detectors"], tuple("abc"), tuple(x.shape[1] for x in views.values()))
    return head(list(views.values())).id[:, 0]


def test_what_is_far_from_all_domains_is_in_none_however_high_its_scores(case):
    views, given = case
    rng = np.random.default_rng(5)
    far = {name: rng.choice([-40, 40], (90, 24)).astype(np.float32) for name in views}
    nothing = Noise(np.hstack(list(far.values())))
    trained = Detectors()(views, given, None, nothing)
    assert trained.predicted.any()
    assert (ids(trained, far) == -1).all()
    facts = trained.heldout["rejection"]
    assert facts["noise"][facts["measure"]] > 0.99
    assert set(facts["noise"]) == {"highest score", "nearest", "mahalanobis", "energy"}
    blind = Detectors(rejection="none")(views, given, None, nothing)
    assert blind.novelty is None
    assert (ids(blind, far) >= 0).any()


def test_a_share_to_keep_that_is_none_is_refused():
    with pytest.raises(
        RecipeError, match=r"classifier\.keep is a share above 0 and up to 1, not 2"
    ):
        Detectors(keep=2).check()


def test_a_detector_reads_its_own_view_only(trained):
    assert not trained.weight[0, 24:].any()
    assert not trained.weight[1:, :24].any()


def test_heldout_rows_teach_nothing(case, trained):
    views, given = case
    aside = np.array(trained.split) == "heldout"
    spoilt = {
        name: np.where(aside[:, None], 1000, x).astype(np.float32) for name, x in views.items()
    }
    again = Detectors()(spoilt, given)
    assert (again.weight == trained.weight).all()
    assert (again.threshold == trained.threshold).all()


def test_a_domain_that_is_not_there_is_owned_up_to():
    random = np.random.default_rng(0).random(600) < 0.07
    trained = Detectors()({"v": crowd()}, groups(random[:, None], ("v",)))
    assert trained.recall[0] < 0.35
    assert trained.heldout["macro_auc"] < 0.7


def test_scores_are_honest_chances_where_there_is_nothing_to_learn():
    random = np.random.default_rng(0).random(600) < 0.2
    trained = Detectors()({"v": crowd(d=200)}, groups(random[:, None], ("v",)))
    aside = np.array(trained.split) == "heldout"
    assert trained.heldout["ece"] < 0.1
    assert (
        trained.confidence[aside].max() < 0.5
    )  # a fit to 420 rows of 200 numbers is sure of itself


def test_columns_that_hardly_vary_do_not_blow_the_weights_up(case):
    views, given = case
    rng = np.random.default_rng(0)
    steady = (1000 + 1e-3 * rng.normal(size=(600, 3))).astype(np.float32)
    wide = {"x": np.hstack([views["x"], steady]), "y": views["y"]}
    trained = Detectors()(wide, given)
    assert np.abs(trained.weight).max() < 100
    exact = np.hstack(list(wide.values())).astype(np.float64) @ trained.weight.astype(np.float64).T
    single = np.hstack(list(wide.values())) @ trained.weight.T
    np.testing.assert_allclose(
        single, exact, atol=1e-3
    )  # what float32 in any runtime may differ by


def test_a_head_that_learns_from_few_of_many_rows_does_about_as_well(case, trained):
    views, given = case
    few = Detectors(rows=250)(views, given)
    assert few.split == trained.split
    assert (few.weight != trained.weight).any()
    assert few.heldout["macro_f1"] > trained.heldout["macro_f1"] - 0.1
    assert all(0.6 < ratio < 1.6 for ratio in few.share_ratio)  # thresholds are of all rows


def test_without_domains_there_is_no_head():
    trained = Detectors()({"a": crowd(), "b": crowd()}, groups(np.zeros((600, 0), bool), ()))
    assert trained.weight.shape == (0, 48)
    assert trained.predicted.shape == (600, 0)
    assert trained.heldout == {
        "rows": trained.split.count("heldout"),
        "macro_f1": None,
        "macro_auc": None,
        "worst_recall": None,
        "majority": None,
    }


def test_the_same_seed_gives_the_same_head(case, trained):
    again = Detectors()(*case)
    assert (again.weight == trained.weight).all()
    assert replace(again, weight=trained.weight).split == trained.split
