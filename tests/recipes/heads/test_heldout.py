import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from recipes.heads.heldout import dealt, kept_aside, scored


def memberships(n=400, seed=0):
    rng = np.random.default_rng(seed)
    member = np.zeros((n, 4), bool)
    for column, size in enumerate((12, 20, 60, 150)):
        member[rng.choice(n, size, replace=False), column] = True
    return member


@pytest.mark.parametrize("share", [0.2, 0.3, 0.5])
def test_every_domain_and_the_rest_give_their_share(share):
    member = memberships()
    aside = kept_aside(member, share, seed=0)
    assert aside.mean() == pytest.approx(share, abs=0.02)
    for column in member.T:
        assert aside[column].mean() == pytest.approx(share, abs=0.13)
    assert aside[~member.any(axis=1)].mean() == pytest.approx(share, abs=0.02)


def test_the_split_follows_the_seed():
    member = memberships()
    assert (kept_aside(member, 0.3, seed=1) == kept_aside(member, 0.3, seed=1)).all()
    assert (kept_aside(member, 0.3, seed=1) != kept_aside(member, 0.3, seed=2)).any()


def test_folds_share_out_every_domain():
    member = memberships()
    fold = dealt(member, 3, seed=0)
    assert set(fold) == {0, 1, 2}
    for column in member.T:
        sizes = np.bincount(fold[column], minlength=3)
        assert sizes.max() - sizes.min() <= 0.4 * sizes.sum() / 3 + 2


@pytest.mark.parametrize("most", [2, 5, 30])
def test_rows_that_belong_together_stay_on_one_side_and_shares_hold(most):
    member, rng = memberships(), np.random.default_rng(most)
    together = np.repeat(np.arange(400), rng.integers(1, most + 1, 400))[:400]
    rng.shuffle(together)
    aside = kept_aside(member, 0.3, seed=0, together=together)
    assert not np.intersect1d(together[aside], together[~aside]).size
    assert aside.mean() == pytest.approx(0.3, abs=0.05)
    for column in member.T:
        assert aside[column].mean() == pytest.approx(0.3, abs=0.2)
    fold = dealt(member, 3, seed=0, together=together)
    assert all(len(set(fold[together == one])) == 1 for one in set(together))
    assert np.bincount(fold).min() > 0.6 * 400 / 3


def test_a_domain_of_one_piece_teaches():
    member = np.arange(100)[:, None] < 40
    together = np.r_[np.zeros(40, int), np.arange(1, 61)]
    assert not kept_aside(member, 0.3, seed=0, together=together)[:40].any()


def test_where_nothing_belongs_together_the_deal_is_as_even():
    member = memberships()
    aside = kept_aside(member, 0.3, seed=0, together=np.arange(400))
    for column in member.T:
        assert aside[column].mean() == pytest.approx(0.3, abs=0.13)


def test_what_is_not_known_is_not_counted():
    rng, member = np.random.default_rng(0), memberships()
    score, told = rng.random(member.shape), rng.random(member.shape) < 0.5
    found = scored(member, score > 0.5, score, told)
    for k in range(4):
        own = told[:, k]
        alone = scored(member[own, k : k + 1], score[own, k : k + 1] > 0.5, score[own, k : k + 1])
        assert found.recall[k] == alone.recall[0]
        assert found.auc[k] == alone.auc[0]


def test_figures_are_those_of_scikit_learn():
    rng, member = np.random.default_rng(0), memberships()
    score = rng.random(member.shape) + 0.6 * member
    said = score > 0.7
    found = scored(member, said, score)
    for k in range(4):
        assert found.recall[k] == pytest.approx(recall_score(member[:, k], said[:, k]))
        assert found.precision[k] == pytest.approx(precision_score(member[:, k], said[:, k]))
        assert found.f1[k] == pytest.approx(f1_score(member[:, k], said[:, k]))
        assert found.auc[k] == pytest.approx(roc_auc_score(member[:, k], score[:, k]))
        assert found.share_ratio[k] == said[:, k].sum() / member[:, k].sum()


def test_where_there_was_nothing_to_count_there_is_no_figure():
    nobody = np.zeros((5, 1), bool)
    found = scored(nobody, nobody, np.zeros((5, 1)))
    assert np.isnan([found.recall, found.precision, found.share_ratio, found.f1, found.auc]).all()
