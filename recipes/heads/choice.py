"""A head that names one of K classes, or none of them where the picture is like nothing it knows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from onnxprobe.heads import HEADS, Layer, LinearHead, Novelty
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.kinds import Count, Folds, Seed
from recipes.grouped import Grouping, Mask, known
from recipes.heads import figures
from recipes.heads.chances import evened
from recipes.heads.crossed import Rows, raw, side_by_side
from recipes.heads.heldout import scored
from recipes.heads.learners import LEARNERS, Layers, Learner, Weighing, alike, balance, logits
from recipes.heads.noise import Noise
from recipes.heads.rejection import How, Strangers, check_keep, on_vectors, rejection
from recipes.heads.split import Sides, Split
from recipes.heads.trained import Trained, nothing, reported
from recipes.vectors.whitening import Vectors, Whitening

Real = NDArray[np.float64]
_WEIGHINGS: Final[dict[str, Weighing]] = {"balanced": balance, "as they are": alike}


@dataclass(frozen=True)
class Choice:
    """One of K or none, on all views side by side.

    Linear, perceptron and centroid heads are fitted and compared; one goes into the file. Its chances
    come from the rows that teach by cross-fitting: each row is judged by a head that has not seen
    it. A picture that is stranger than all but few of the known ones is in no class.

    Attributes:
        head: which goes into the file: ``linear``, ``mlp`` or ``centroid``.
        rejection: how strangeness is measured: ``nearest``, ``mahalanobis`` or ``energy``; ``best``
            for the one that tells strangers best, among the rows that teach; ``none``.
        keep: share of the known pictures that are answered, 0 to 1.
        weights: ``balanced`` lets every class count the same while fitting, ``as they are`` every
            picture; shares are put right afterwards.
        folds: of the cross-fitting.
        components: principal components that a head reads, at most.
        seed: of the folds.
    """

    head: Literal["linear", "mlp", "centroid"] = "linear"
    rejection: How = "best"
    keep: float = 0.95
    weights: Literal["balanced", "as they are"] = "balanced"
    folds: Folds = 5
    components: Count = 256
    seed: Seed = 0

    def check(self) -> None:
        """Look at the share of known pictures that are answered.

        Raises:
            RecipeError: it is no share.
        """
        check_keep(self.keep)

    def __call__(
        self,
        views: Mapping[str, Vectors],
        groups: Grouping,
        sides: Sides | None = None,
        noise: Noise | None = None,
        *,
        progress: Progress = silent,
    ) -> Trained:
        """Train on the rows that teach; ``sides`` as :class:`Split` deals them where left out.

        ``noise`` is what nothing is to be said of; it helps to choose how strangers are told.
        """
        member, told = groups.member, known(groups)
        sides = sides or Split().deal(member)
        widths = tuple(x.shape[1] for x in views.values())
        if not member.shape[1]:
            return nothing(sum(widths), sides.aside)
        rows, space = side_by_side(
            views, groups, sides, folds=self.folds, components=self.components, seed=self.seed
        )
        tried: dict[str, _Tried] = {}
        for done, (name, learner) in enumerate(LEARNERS.items()):
            progress("heads", done, len(LEARNERS) + 1)
            tried[name] = self._tried(rows, learner)
        chosen = tried[self.head]
        progress("heads", len(LEARNERS), len(LEARNERS) + 1)
        refusal = rejection(
            rows,
            chosen.said,
            _strangers(noise, space, chosen.layers),
            kind=HEADS["softmax"],
            learner=LEARNERS[self.head],
            weighing=_WEIGHINGS[self.weights],
            how=self.rejection,
            keep=self.keep,
            seed=self.seed,
        )
        progress("heads", len(LEARNERS) + 1, len(LEARNERS) + 1)
        head = _head(chosen.layers, refusal.novelty, space, widths)
        trained = reported(head, views, member, sides.aside, told)
        more = {
            "heads": {name: _compared(rows, one.said) for name, one in tried.items()},
            "head": self.head,
            "folds": _folds(rows, chosen.said),
            "rejection": refusal.facts,
            **_answers(rows, chosen.said, refusal.strange, head, views),
        }
        return replace(trained, heldout={**trained.heldout, **more})

    def _tried(self, rows: Rows, learner: Learner) -> "_Tried":
        """Fit ``learner``, its chances put right by what it says of rows that it has not seen."""
        weighing = _WEIGHINGS[self.weights]

        def fit(own: Mask) -> Layers:
            labels = rows.labels[own]
            return learner.fit(
                rows.z[own], labels, weighing(labels, rows.count), rows.count, self.seed
            )

        layers, said = rows.crossed(fit, lambda fitted, own: logits(fitted, rows.z[own]))
        scale, offsets = evened(said[rows.teach], rows.labels[rows.teach])
        last = layers[-1]
        right = Layer(
            last.weight * np.float32(scale), (scale * last.bias + offsets).astype(np.float32)
        )
        return _Tried((*layers[:-1], right), scale * said + offsets)


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """A head that was fitted, and its calibrated logits ``(n, K)`` of rows that it has not seen."""

    layers: Layers
    said: Real


def _head(
    layers: Layers, novelty: Novelty | None, space: Whitening, widths: tuple[int, ...]
) -> LinearHead:
    """Return the head on the vectors as they are: what was done to them first is folded into it."""
    first, *rest = layers
    last = rest[0] if rest else raw(first, space)
    count = len(last.weight)
    return LinearHead(
        HEADS["softmax"],
        last.weight,
        last.bias,
        np.zeros(count, np.float32),  # the best class is the answer, whatever its score
        tuple(map(str, range(count))),
        widths,
        hidden=raw(first, space) if rest else None,
        novelty=on_vectors(novelty, space),
    )


def _strangers(noise: Noise | None, space: Whitening, layers: Layers) -> Strangers | None:
    if noise is None:
        return None
    z = space(noise.vectors)
    return Strangers(z, logits(layers, z))


def _compared(rows: Rows, said: Real) -> dict[str, Any]:
    """Say how a head does on the held-out rows of a class, nothing rejected."""
    own = rows.aside & (rows.labels >= 0)
    found = _figures(rows, said, own)
    if not found:
        return {}
    scores, member = _scores(said[own]), rows.labels[own, None] == np.arange(rows.count)
    return found | {
        "macro_auc": figures.areas(member, scores)["ovr_macro"],
        "ece": figures.calibration_error(member, scores),
    }


def _figures(rows: Rows, said: Real, own: Mask) -> dict[str, float]:
    """Return accuracy and macro-F1 of the best class on the rows ``own`` ``(n,)``."""
    if not own.any():
        return {}
    best = said[own].argmax(axis=1)[:, None] == np.arange(rows.count)
    member = rows.labels[own, None] == np.arange(rows.count)
    f1 = scored(member, best, best.astype(np.float32)).f1
    return {
        "accuracy": round(float((member & best).any(axis=1).mean()), 4),
        "macro_f1": round(float(np.nanmean(f1)), 4),
    }


def _folds(rows: Rows, said: Real) -> list[dict[str, float]]:
    """Return the figures of each fold of the cross-validation, among the rows that teach."""
    return [
        _figures(rows, said, rows.teach & (rows.fold == number))
        for number in range(int(rows.fold.max()) + 1)
    ]


def _answers(
    rows: Rows, said: Real, strange: Real, head: LinearHead, views: Mapping[str, Vectors]
) -> dict[str, Any]:
    """Return what became of the held-out rows: confusions, and what leaving out the strange gains."""
    own = rows.aside
    member = rows.labels[own, None] == np.arange(rows.count)
    answer = head([x[own] for x in views.values()]).id[:, 0]
    return {
        "answered": round(float((answer >= 0).mean()), 4),
        "confusion": figures.confusion(member, answer),
        "curve": figures.curve(member, _scores(said[own]), strange[own]),
    }


def _scores(said: Real) -> NDArray[np.float32]:
    return HEADS["softmax"].apply(said.astype(np.float32))
