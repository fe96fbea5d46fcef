"""The origin's head: one of K by cross-validated logistic regression, and how it really does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, LinearHead, folded
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Count, Folds, Rounds, Seed
from recipes.grouped import Grouped, one_each
from recipes.heads.heldout import Mask, scored
from recipes.heads.learners import NEVER
from recipes.heads.split import Sides, Split
from recipes.heads.trained import Trained, nothing, reported
from recipes.vectors.whitening import Vectors, half_whitening


@dataclass(frozen=True)
class LogisticCV:
    """Softmax regression on the first view, its penalty chosen by cross-validation (dl-tsne, 2021).

    Rows in no group are left out of the fit. The origin scored its head on the rows it was fitted
    on; such figures are in ``heldout`` as ``samerows_accuracy`` and ``samerows_auc``, beside those
    of rows kept aside.

    Attributes:
        components: principal components it reads, at most; half-whitened, so that the fit converges.
        penalties: how many are tried.
        folds: of the cross-validation; as many as the smallest group has rows where that is fewer.
        iterations: of the optimiser, at most.
        seed: of the components.
    """

    components: Count = 256
    penalties: Rounds = 10
    folds: Folds = 5
    iterations: Count = 1000
    seed: Seed = 0

    def __call__(
        self,
        views: Mapping[str, Vectors],
        groups: Grouped,
        sides: Sides | None = None,
        *,
        progress: Progress = silent,
    ) -> Trained:
        """Train on the rows that teach; ``sides`` as :class:`Split` deals them where left out."""
        member = groups.member
        count = member.shape[1]
        widths = tuple(x.shape[1] for x in views.values())
        aside = (sides or Split().deal(member)).aside
        if not count:
            return nothing(sum(widths), aside)
        progress("head", 0, 1)
        x = next(iter(views.values()))
        rows = ~aside & member.any(axis=1)
        weight = np.zeros((count, sum(widths)), np.float32)
        weight[:, : widths[0]], bias = self._fitted(x[rows], one_each(member)[rows], count)
        # scores of a row add up to 1: the best class is the answer whatever its score
        threshold, classes = np.zeros(count, np.float32), tuple(map(str, range(count)))
        head = LinearHead(HEADS["softmax"], weight, bias, threshold, classes, widths)
        progress("head", 1, 1)
        trained = reported(head, views, member, aside)
        return replace(trained, heldout={**trained.heldout, **_samerows(head, views, member, rows)})

    def _fitted(
        self, x: Vectors, labels: NDArray[np.int64], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return weights ``(K, d)`` and biases ``(K,)`` on the vectors as they are.

        A group of which no row teaches, as people may make one, is never the answer; one alone
        always is.
        """
        there, sizes = np.unique(labels, return_counts=True)
        weight, bias = np.zeros((count, x.shape[1]), np.float32), np.full(count, NEVER, np.float32)
        bias[there] = 0
        if len(there) > 1:
            weight[there], bias[there] = self._searched(x, labels, int(sizes.min()))
        return weight, bias

    def _searched(
        self, x: Vectors, labels: NDArray[np.int64], smallest: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fit groups of ``smallest`` rows or more; a single row cannot be in two folds."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GridSearchCV
        from threadpoolctl import threadpool_limits

        whitening = half_whitening(x, self.components, seed=self.seed)
        z = whitening(x).astype(np.float64)
        length = np.sqrt((z**2).sum(axis=1).mean() / z.shape[1])
        folds = min(self.folds, smallest)
        # LogisticRegressionCV's own search; its arguments differ between releases of scikit-learn
        model = LogisticRegression(max_iter=self.iterations)
        search = GridSearchCV(model, {"C": np.logspace(-4, 4, self.penalties)}, cv=folds)
        with threadpool_limits(1):  # products this small wait for each other more than they compute
            if folds > 1:
                model = search.fit(z / length, labels).best_estimator_
            else:
                model.fit(z / length, labels)
        weight, bias = model.coef_ / length, model.intercept_
        if len(weight) == 1:  # two classes are kept as one row
            weight, bias = np.vstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
        return folded(weight, bias, center=whitening.center, transform=whitening.transform)


def _samerows(
    head: LinearHead, views: Mapping[str, Vectors], member: Mask, rows: Mask
) -> dict[str, float | None]:
    """Return the origin's figures; null where there is nothing to compare."""
    if not rows.any():
        return {"samerows_accuracy": None, "samerows_auc": None}
    scores = head([x[rows] for x in views.values()]).scores
    best = scores.argmax(axis=1)
    said = best[:, None] == np.arange(member.shape[1])
    areas = scored(member[rows], said, scores).auc
    areas = areas[~np.isnan(areas)]
    return {
        "samerows_accuracy": round(float(member[rows][np.arange(len(best)), best].mean()), 4),
        "samerows_auc": round(float(areas.mean()), 4) if len(areas) else None,
    }
