"""Score probes on pictures: do they know a picture again, do they know what it shows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.embed.network import Network
from onnxprobe.embed.stream import stream
from onnxprobe.errors import PicturesError
from onnxprobe.graph.inline import inline
from onnxprobe.graph.midcuts import mid_cuts
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import Pick, pick
from onnxprobe.images import Preprocess, Source, Status, preprocess_for
from onnxprobe.probe import Probe, attach
from onnxprobe.progress import Progress, silent
from onnxprobe.rank.augmented import Augmented
from onnxprobe.rank.candidates import candidates
from onnxprobe.rank.scores import foretold, places
from onnxprobe.store.ledger import Outcome
from onnxprobe.store.manifest import manifest, sample_rows

PICTURES: Final = 300
TENSORS: Final = 6
_FEWEST: Final = 10
"""Pictures, below which a share says nothing."""
_NEIGHBOURS: Final = 5

Vectors = Mapping[Probe, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Score:
    """What one probe is worth.

    Attributes:
        probe: tensor and pooling.
        width: length of its vectors.
        depth: share of the weighted layers up to the pick that lie before it, 0 to 1; ``None``
            behind the pick.
        picked: whether its tensor is the pick.
        agreement: share of pictures that, flipped, cropped and lit anew, are nearest to their own
            original among all, 0 to 1.
        reciprocal_rank: mean of 1 / the place of the original among the neighbours, 0 to 1.
        accuracy: share of labelled pictures whose label most of their nearest others have, 0 to 1;
            ``None`` without labels.
    """

    probe: Probe
    width: int
    depth: float | None
    picked: bool
    agreement: float
    reciprocal_rank: float
    accuracy: float | None

    @property
    def order(self) -> tuple[float, float, float]:
        """What probes are compared by: accuracy, then mean reciprocal rank, then agreement."""
        return (self.accuracy or 0.0, self.reciprocal_rank, self.agreement)

    def to_json(self) -> dict[str, Any]:
        """Return the score as plain values."""
        return {"probe": str(self.probe), **asdict(self.probe)} | {
            name: getattr(self, name) for name in self.__slots__ if name != "probe"
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """Probes, the best first.

    Attributes:
        scores: one a probe.
        pictures: how many were compared.
        left_out: how many more were asked for but could not be used.
        labelled: how many of them count for the accuracy: those with a label that another has.
        most_frequent: share of the most frequent label among these, which is what a probe that
            knows nothing may reach; ``None`` without labels.
        neighbours: how many vote on a label.
        seed: of the sample and of how pictures were changed.
    """

    scores: tuple[Score, ...]
    pictures: int
    left_out: int
    labelled: int
    most_frequent: float | None
    neighbours: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Return the ranking as plain values."""
        said = {name: getattr(self, name) for name in self.__slots__ if name != "scores"}
        return said | {"scores": [score.to_json() for score in self.scores]}


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Rows ``(m,)`` whose labels count, and those labels as whole numbers ``(m,)``."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    @property
    def most_frequent(self) -> float | None:
        """Share of the most frequent label."""
        return float(np.bincount(self.labels).max() / len(self.labels)) if len(self.rows) else None


def rank(  # noqa: PLR0913  every setting of the command
    model: Model,
    source: Source,
    *,
    preprocess: Preprocess,
    labels: Mapping[str, str] | None = None,
    top: int = TENSORS,
    sample: float | None = PICTURES,
    seed: int = 0,
    batch: int | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> Ranking:
    """Compare the pick, what lies around it, and their poolings, on pictures.

    The pictures are run through ``model`` once as they are and once flipped, cropped a little and
    lit anew, all probes in one pass. Two scores come of it, both by nearest neighbours (cosine
    about the mean). *Agreement*: does a changed picture find its original. That needs no labels
    and rewards telling pictures apart, which is not yet knowing what they show. *Accuracy*, with
    labels: do a picture's neighbours have its label. Which tensor is best depends on the task
    (Bordes et al. 2022, arXiv:2206.13378), so the accuracy decides where there is one.

    Args:
        model: the backbone.
        source: the pictures.
        preprocess: what is done to a picture before the model sees it.
        labels: of pictures, by name; those not named only count for the agreement.
        top: how many tensors to compare.
        sample: a share (a float, above 0 and at most 1) or a count of pictures.
        seed: of the sample and the changes.
        batch: pictures per run of the model.
        threads: runs of the model at once, each on one core; all cores by default.
        progress: told how many pictures are done.

    Raises:
        PicturesError: the model takes no pictures, too few of them can be used, or no two of them
            have one label.
        PoolingError: no pooling reads the pick or a tensor near it.
    """
    if top < 1:
        raise PicturesError(f"rank compares one tensor or more, not {top}")
    model = inline(model)
    preprocess_for(model, preprocess)
    found = pick(model)
    probes = candidates(model, found, top=top)
    order = manifest(source.names, seed=seed)
    names = order.names[: sample_rows(len(order.names), sample)]
    tapped = attach(model, probes)
    network = Network.of(tapped, [p.output for p in probes], preprocess, batch=batch)
    looks = {"plain": source, "changed": Augmented(source, preprocess, seed)}
    failed: list[Outcome] = []
    (rows, plain), (again, changed) = (
        _vectors(network, pictures, names, probes, look, failed, threads, progress)
        for look, pictures in looks.items()
    )
    both, first, second = np.intersect1d(rows, again, return_indices=True)
    _enough(len(both), len(names), failed)
    known = _known([names[row] for row in both], labels)
    depths = {cut.tensor: cut.depth for cut in mid_cuts(model, found.tensor, found.source)}
    scores = [
        _score(probe, found, depths, plain[probe][first], changed[probe][second], known)
        for probe in probes
    ]
    return Ranking(
        scores=tuple(sorted(scores, key=lambda score: score.order, reverse=True)),
        pictures=len(both),
        left_out=len(names) - len(both),
        labelled=len(known.rows),
        most_frequent=known.most_frequent,
        neighbours=_NEIGHBOURS,
        seed=seed,
    )


def _vectors(  # noqa: PLR0913, PLR0917  the settings, handed on
    network: Network,
    source: Source,
    names: Sequence[str],
    probes: Sequence[Probe],
    look: str,
    failed: list[Outcome],
    threads: int | None,
    progress: Progress,
) -> tuple[NDArray[np.int64], Vectors]:
    """Return which of ``names`` could be embedded, and by probe their vectors.

    What became of the others is added to ``failed``.
    """
    starts = range(0, len(names), network.batch)
    batches = (range(start, min(start + network.batch, len(names))) for start in starts)
    rows, parts = [], []
    with closing(stream(network, source, names, batches, threads=threads)) as work:
        for done in work:
            rows.append(done.start + done.kept)
            failed += [fate for fate in done.outcomes if fate.status is not Status.OK]
            if done.kept.size:
                parts.append(done.outputs)
            progress(f"embed {look}", done.start + len(done.outcomes), len(names))
    if not parts:
        _enough(0, len(names), failed)
    return np.concatenate(rows), {
        probe: np.concatenate([part[probe.output] for part in parts]) for probe in probes
    }


def _enough(there: int, asked: int, failed: Sequence[Outcome]) -> None:
    if there >= _FEWEST:
        return
    why = ""
    if failed:
        counts = Counter(fate.status for fate in failed)
        usual = max(failed, key=lambda fate: counts[fate.status])
        why = f"; others are {usual.status}" + (f": {usual.error}" if usual.error else "")
    raise PicturesError(
        f"rank needs at least {_FEWEST} pictures; {there} of {asked} can be used{why}"
    )


def _known(names: Sequence[str], labels: Mapping[str, str] | None) -> _Known:
    """Return the rows with a label that another row has too, and those labels as numbers."""
    if labels is None:
        return _Known(np.empty(0, np.int64), np.empty(0, np.int64))
    given = [(row, labels[name]) for row, name in enumerate(names) if name in labels]
    counts = Counter(label for _, label in given)
    if not counts:
        raise PicturesError(
            f"none of the {len(names)} pictures has a label: they are named such as {names[0]!r}, "
            f"the labels are of {next(iter(labels), 'nothing')!r}"
        )
    shared = [(row, label) for row, label in given if counts[label] > 1]
    if not shared:
        raise PicturesError(
            f"no two of the {len(names)} pictures have the same label; take a larger --sample"
        )
    rows, texts = zip(*shared, strict=True)
    return _Known(np.array(rows, np.int64), np.unique(texts, return_inverse=True)[1])


def _score(  # noqa: PLR0913, PLR0917
    probe: Probe,
    found: Pick,
    depths: Mapping[str, float],
    plain: NDArray[np.float32],
    changed: NDArray[np.float32],
    known: _Known,
) -> Score:
    at = places(changed, plain)
    rows, labels = known.rows, known.labels
    return Score(
        probe=probe,
        width=plain.shape[1],
        depth=depths.get(probe.tensor),
        picked=probe.tensor == found.tensor,
        agreement=float((at == 1).mean()),
        reciprocal_rank=float((1 / at).mean()),
        accuracy=foretold(plain[rows], labels, k=_NEIGHBOURS) if len(rows) else None,
    )
