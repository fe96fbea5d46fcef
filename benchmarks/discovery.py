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
from discovery_scores import Member, header, row
from discovery_sets import Known, Vectors, emoji, fashion, nothing, synthetic

from recipes.grouped import Grouped, partition
from recipes.groups.clustering import Communities
from recipes.groups.density import Hdbscan, Optics
from recipes.groups.knn_dbscan import KnnDbscan
from recipes.heads.classifier import Detectors
from recipes.maps.tsne import TSNE, Layout
from recipes.vectors.neighbours import unit
from recipes.vectors.whitening import half_whitening


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
    header()
    for name, method, drawn in _methods(known, verbatim=verbatim):
        if any(way in name for way in ways):
            before = 0.0 if drawn is None else drawn.seconds
            start = process_time()
            member = method()
            row(name, known, member, process_time() - start + before)
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
