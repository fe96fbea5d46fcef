import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from recipes.heldout import dealt, kept_aside, scored


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
