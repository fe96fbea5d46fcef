"""What each way of grouping finds of what is known to be there, and what it invents.

    python benchmarks/discovery.py [--sets fashion,emoji,synthetic,nothing] [--ways HDBSCAN,EVoC] [--verbatim]

For every method: truths found (F1 of the best single group above .5 and .8), precision (share of its
groups of which at least .8 are of one truth or of one other known label), groups that match nothing
known, AMI of one group a row against the truth over the rows covered, coverage, CPU-seconds. The
ceiling is what the same detectors reach when they are told the truth, on rows kept aside, on the
best single view. UMAP and EVoC are rows where they are installed. ``--verbatim`` adds the origin's own settings (minutes to hours on a CPU).
The planted set needs Debian's dataset-fashion-mnist. Embeddings are kept in the temporary folder.
"""

import argparse
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from time import process_time

import numpy as np
from discovery_sets import Known, Vectors, emoji, fashion, nothing, synthetic
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from recipes.classifier import Detectors
from recipes.clustering import Communities
from recipes.density import Hdbscan, Optics
from recipes.grouped import Grouped, partition
from recipes.knn_dbscan import KnnDbscan
from recipes.neighbours import unit
from recipes.tsne import TSNE, Layout
from recipes.whitening import half_whitening

Member = NDArray[np.bool_]
FOUND, PURE = 0.5, 0.8


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="fashion,emoji,synthetic,nothing")
    parser.add_argument("--ways", default="", help="only rows with one of these in their names")
    parser.add_argument("--verbatim", action="store_true")
    args = parser.parse_args()
    packages = ("numpy", "faiss-cpu", "graspologic-native", "openTSNE", "scikit-learn")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python", end=" ")
    print(platform.python_version(), *(f"{name} {version(name)}" for name in packages), sep=", ")
    wanted = args.sets.split(",")
    for known in _known(wanted):
        _table(known, args.ways.split(","), verbatim=args.verbatim)
    if "nothing" in wanted:
        print("\nnothing in it: groups found")
        for name, x in nothing().items():
            print(f"  {name:40s} {Communities()({'x': x}).member.shape[1]}")


def _known(wanted: list[str]) -> Iterator[Known]:
    if "fashion" in wanted:
        yield fashion()
    if "emoji" in wanted:
        yield from emoji()
    if "synthetic" in wanted:
        yield from map(synthetic, (0.7, 0.85, 1.0))


def _table(known: Known, ways: Sequence[str], *, verbatim: bool) -> None:
    n, count = len(known.truth), len(known.names)
    print(f"\n{known.name}: {n} rows, {count} truths, {len(known.views)} views")
    heads = ("found>.5", ">.8", "groups", "pure", "strange", "AMI", "covered", "CPU-s")
    print(f"  {'':40s}" + "".join(f"{head:>10s}" for head in heads))
    for name, method, drawn in _methods(known, verbatim=verbatim):
        if any(way in name for way in ways):
            before = 0.0 if drawn is None else drawn.seconds
            start = process_time()
            member = method()
            _row(name, known, member, process_time() - start + before)
    _ceiling(known)


@dataclass(frozen=True)
class _Map:
    """A map that several ways read; it is drawn for the first."""

    views: dict[str, Vectors]

    @cached_property
    def _drawn(self) -> tuple[Layout, float]:
        start = process_time()
        return TSNE()(self.views), process_time() - start

    @property
    def layout(self) -> Layout:
        return self._drawn[0]

    @property
    def seconds(self) -> float:
        return self._drawn[1]


def _methods(
    known: Known, *, verbatim: bool
) -> Iterator[tuple[str, Callable[[], Member], _Map | None]]:
    """Yield names and methods, and the map that was drawn for them before."""
    first = dict([next(iter(known.views.items()))])
    center = {"center": known.center}
    yield "communities, all views (default)", lambda: Communities()(known.views).member, None
    if len(known.views) > 1:
        yield "communities, the pick alone", lambda: Communities()(first).member, None
        for name, x in list(known.views.items())[1:]:
            yield f"communities, {name}", lambda n=name, x=x: Communities()({n: x}).member, None
    drawn, leaves = _Map(first), Hdbscan(selection="leaf")
    yield "t-SNE + HDBSCAN", lambda: Hdbscan()(first, drawn.layout).member, drawn
    yield "t-SNE + HDBSCAN, leaves", lambda: leaves(first, drawn.layout).member, drawn
    yield "t-SNE + OPTICS", lambda: Optics()(first, drawn.layout).member, drawn
    yield "t-SNE + KNNDBSCAN scaled", lambda: KnnDbscan()(TSNE(space="as is")(center)).member, None
    if find_spec("umap"):
        yield "UMAP + HDBSCAN", lambda: _umap(first), None
    if find_spec("evoc"):
        yield "EVoC", lambda: _evoc(first), None
    if verbatim:
        step = TSNE(
            perplexity=200, neighbours=1000, iterations=4000, learning_rate=2000, space="as is"
        )
        groups = KnnDbscan(scale="verbatim")
        yield "the origin, verbatim", lambda: groups(step(center)).member, None


def _umap(views: dict[str, Vectors]) -> Member:
    """Return the clusters of HDBSCAN on a map by UMAP (McInnes et al. 2018), minimal distance 0."""
    from umap import UMAP

    points = unit(half_whitening(_only(views), 256, seed=0)(_only(views)))
    layout = UMAP(n_neighbors=15, min_dist=0.0, random_state=0, n_jobs=1).fit_transform(points)
    return Hdbscan()(views, Layout(np.asarray(layout, np.float32))).member


def _evoc(views: dict[str, Vectors]) -> Member:
    """Return the clusters of EVoC, which is made for embeddings, at its own settings."""
    from evoc import EVoC

    return partition(np.asarray(EVoC(random_state=0).fit_predict(_only(views))), "x").member


def _only(views: dict[str, Vectors]) -> Vectors:
    return next(iter(views.values()))


def _row(name: str, known: Known, member: Member, seconds: float) -> None:
    f1 = _f1(member, known.truth, len(known.names))
    pure = _pure(member, known)
    covered = member.any(axis=1)
    first = member.argmax(axis=1)[covered] if member.shape[1] else np.zeros(0)
    ami = adjusted_mutual_info_score(known.truth[covered], first) if covered.any() else 0.0
    figures = (
        f"{(f1 > FOUND).sum():>10d}{(f1 > PURE).sum():>10d}{member.shape[1]:>10d}{pure.sum():>10d}"
        f"{(~pure).sum():>10d}{ami:>10.2f}{covered.mean():>10.2f}{seconds:>10.1f}"
    )
    print(f"  {name:40.40s}{figures}", flush=True)
    if len(f1) <= 12:  # noqa: PLR2004
        said = "  ".join(f"{n} {f:.2f}" for n, f in zip(known.names, f1, strict=True))
        print(f"      {said}")


def _f1(member: Member, truth: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return for each truth the F1 of the best single group."""
    is_true = truth[:, None] == np.arange(1, count + 1)
    both = is_true.T.astype(np.float64) @ member
    f1 = 2 * both / (is_true.sum(axis=0)[:, None] + member.sum(axis=0))
    return np.asarray(f1.max(axis=1, initial=0.0))


def _pure(member: Member, known: Known) -> Member:
    """Mark the groups of which nearly all share a truth, or another known label."""
    return np.asarray(
        (_purity(member, known.truth - 1) >= PURE) | (_purity(member, known.also) >= PURE)
    )


def _purity(member: Member, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share of each group that has its most frequent label; negative labels are none."""
    most = [np.bincount(labels[rows & (labels >= 0)], minlength=1).max() for rows in member.T]
    return np.array(most) / np.maximum(member.sum(axis=0), 1)


def _ceiling(known: Known) -> None:
    member = known.truth[:, None] == np.arange(1, len(known.names) + 1)
    member = member[:, member.sum(axis=0) >= 20]  # noqa: PLR2004
    best = np.zeros(member.shape[1])
    for name in known.views:
        groups = Grouped(member, (name,) * member.shape[1], (None,) * member.shape[1])
        trained = Detectors()({name: known.views[name]}, groups)
        recall, precision = (
            np.array([figure or 0.0 for figure in figures])
            for figures in (trained.recall, trained.precision)
        )
        best = np.maximum(best, 2 * recall * precision / np.maximum(recall + precision, 1e-9))
    said = "  ".join(f"{f:.2f}" for f in best) if len(best) <= 12 else f"mean {best.mean():.2f}"  # noqa: PLR2004
    print(f"  told the truth (held out, best view)      {said}")


if __name__ == "__main__":
    main()
