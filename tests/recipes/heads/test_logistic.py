import numpy as np
import pytest
from blobs import crowd, planted

from recipes.grouped import partition
from recipes.heads.logistic import LogisticCV
from recipes.heads.split import Sides

QUICK = LogisticCV(penalties=3, folds=3)


@pytest.fixture(scope="module")
def case():
    x, label = planted((80, 60, 40))
    return {"first": x, "second": crowd(600, 5)}, partition(label - 1, "first")


@pytest.fixture(scope="module")
def trained(case):
    return QUICK(*case)


def test_groups_are_told_apart_on_rows_kept_aside(trained):
    assert min(trained.recall) > 0.9
    assert trained.heldout["macro_auc"] > 0.95


def test_the_origins_figures_flatter_beside_those_of_rows_kept_aside(trained):
    assert trained.heldout["samerows_accuracy"] > 0.99
    assert trained.heldout["macro_f1"] < 0.9  # rows of no group get an answer too


def test_every_row_gets_one_answer_the_best(case, trained):
    logits = case[0]["first"] @ trained.weight[:, :24].T + trained.bias
    assert (trained.predicted.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert (trained.predicted.sum(axis=1) == 1).all()


def test_only_the_first_view_is_read(trained):
    assert trained.weight.shape == (3, 29)
    assert not trained.weight[:, 24:].any()


def test_two_groups_have_two_rows_of_weights():
    x, label = planted((80, 60))
    trained = QUICK({"v": x}, partition(label - 1, "first"))
    assert trained.weight.shape == (2, 24)
    assert min(trained.recall) > 0.9


def test_without_groups_there_is_no_head():
    trained = QUICK({"v": crowd(50)}, partition(np.full(50, -1), "v"))
    assert trained.weight.shape == (0, 24)
    assert trained.heldout["macro_f1"] is None


def test_a_group_alone_is_always_the_answer():
    x, label = planted((80,))
    trained = QUICK({"v": x}, partition(label - 1, "v"))
    assert trained.predicted.all()
    assert trained.recall == (1.0,)


@pytest.mark.parametrize("few", [1, 2, 3])
def test_a_group_of_a_few_rows_is_learnt_from_as_far_as_it_goes(few):
    x, label = planted((80, 60))
    label[np.flatnonzero(label == 2)[few:]] = 0
    trained = LogisticCV(penalties=3)({"v": x}, partition(label - 1, "v"))
    assert np.isfinite(trained.weight).all()
    assert trained.recall[0] > 0.9


def test_a_group_of_which_no_row_teaches_is_never_the_answer():
    x, label = planted((80, 60, 40))
    sides = Sides(label == 3)
    trained = QUICK({"v": x}, partition(label - 1, "v"), sides)
    assert not trained.predicted[:, 2].any()
    assert trained.weight.shape == (3, 24)
