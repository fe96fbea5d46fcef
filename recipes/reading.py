"""Which view shows an attribute: the one from which pictures that were not looked at are told best."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Folds, Seed
from recipes.grouped import Grouped, known
from recipes.heads.classifier import Detectors
from recipes.heads.heldout import auc
from recipes.heads.split import Sides
from recipes.vectors.whitening import Vectors


@dataclass(frozen=True)
class Reading:
    """Find the view for each known attribute, by cross-validation among the pictures that teach.

    Attributes:
        folds: of the cross-validation.
        seed: of the folds.
    """

    folds: Folds = 3
    seed: Seed = 0

    def __call__(
        self,
        views: Mapping[str, Vectors],
        groups: Grouped,
        sides: Sides,
        *,
        progress: Progress = silent,
    ) -> Grouped:
        detectors = Detectors(folds=self.folds, seed=self.seed)
        fold = sides.folds(groups.member, self.folds, seed=self.seed)
        member, told = groups.member[~sides.aside], known(groups)[~sides.aside]
        areas = np.zeros((len(views), member.shape[1]))
        for number, x in enumerate(views.values()):
            *_, unseen = detectors.crossed(x[~sides.aside], member, told, fold)
            areas[number] = [auc(member[own, k], unseen[own, k]) for k, own in enumerate(told.T)]
            progress("views", number + 1, len(views))
        best = np.nan_to_num(areas).argmax(axis=0)
        return replace(groups, view=tuple(np.array(list(views))[best].tolist()))
