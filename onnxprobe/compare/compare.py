"""Compare two runs on the pictures that are in both."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.compare.cka import cka, compact
from onnxprobe.compare.fates import Fate, fates
from onnxprobe.compare.information import ami
from onnxprobe.compare.near import NEIGHBOURS, shared
from onnxprobe.directions import Rows, nearest
from onnxprobe.errors import ComparisonError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.edited import opened
from onnxprobe.recipe.editing import Domains
from onnxprobe.store import Store

SAMPLE: Final = 5_000
"""Pictures of which vectors are compared, at most, where nobody says: the first of the first run, a
fair sample."""
FEWEST: Final = 2 * NEIGHBOURS
"""Pictures that must be in both runs."""


@dataclass(frozen=True, slots=True)
class Views:
    """How alike a view of one run and a view of the other are.

    Attributes:
        one: the probe in the first run.
        other: the probe in the second.
        cka: linear CKA, debiased, 1 for the same (Kornblith et al. 2019); null where one of them
            does not vary.
        neighbours: part of a picture's nearest neighbours that are the same, 0 to 1.
    """

    one: str
    other: str
    cka: float | None
    neighbours: float


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes:
        run: its folder.
        model: the backbone's file.
        pictures: it has.
        domains: what became of them in the other run; those without a picture in both are left out.
    """

    run: str
    model: str
    pictures: int
    domains: tuple[Fate, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        one: the first.
        other: the second.
        pictures: that are in both, by their content.
        compared: of these, how many had their vectors compared.
        views: every view of the first with every view of the second.
        chance: the part of neighbours that would be the same by chance, 0 to 1.
        ami: adjusted mutual information of the domains, a picture counting for the most stable of
            its own, 1 for the same; null where a run has none.
        ami_inside: the same over the pictures that are in a domain in both runs.
    """

    one: Side
    other: Side
    pictures: int
    compared: int
    views: tuple[Views, ...]
    chance: float
    ami: float | None
    ami_inside: float | None

    def to_json(self) -> dict[str, Any]:
        """Return what JSON says."""
        return {**asdict(self), "neighbourhood": NEIGHBOURS}


def compare(
    one: str | Path, other: str | Path, *, sample: int | None = None, progress: Progress = silent
) -> Comparison:
    """Compare two runs: their views, and what became of the domains of each in the other.

    Pictures are the same where their bytes are, whatever they are called.

    Args:
        one: the folder of a run.
        other: that of another.
        sample: pictures of which vectors are compared, at most; the time grows with its square.
        progress: told how many views were read.

    Raises:
        StoreError: one of the folders is no finished run.
        ComparisonError: too few pictures are in both, or are to be compared.
    """
    most = SAMPLE if sample is None else sample
    if most < FEWEST:
        raise ComparisonError(f"comparing needs at least {FEWEST} pictures; --sample says {most}")
    folders = Path(one), Path(other)
    domains = Domains.read(folders[0]), Domains.read(folders[1])
    stores = _store(folders[0], domains[0]), _store(folders[1], domains[1])
    ours, theirs = _common(*stores)
    if len(ours) < FEWEST:
        raise ComparisonError(
            f"{str(one)!r} and {str(other)!r} have {len(ours)} pictures in common, by their content; "
            f"comparing needs at least {FEWEST}"
        )
    members = domains[0].grouping.member[ours], domains[1].grouping.member[theirs]
    names = domains[0].grouping.names, domains[1].grouping.names
    groups = domains[0].folder.groups.domain[ours], domains[1].folder.groups.domain[theirs]
    inside = (groups[0] >= 0) & (groups[1] >= 0)
    told = partial(_ami, empty=not all(map(len, names)))
    return Comparison(
        one=_side(folders[0], domains[0], fates(*members, *names)),
        other=_side(folders[1], domains[1], fates(*members[::-1], *names[::-1])),
        pictures=len(ours),
        compared=min(most, len(ours)),
        views=_views(stores, (ours[:most], theirs[:most]), progress),
        chance=round(NEIGHBOURS / (min(most, len(ours)) - 1), 4),
        ami=told(*groups),
        ami_inside=told(groups[0][inside], groups[1][inside]),
    )


def _store(run: Path, domains: Domains) -> Store:
    return opened(run, sum(domains.folder.run["counts"].values()))


def _common(one: Store, other: Store) -> tuple[Rows, Rows]:
    """Return the rows of the pictures that are in both stores, in the order of the first.

    Of copies, the first counts.
    """
    ours, theirs = (_first(store.ledger.hash[store.rows]) for store in (one, other))
    pairs = [(row, theirs[digest]) for digest, row in ours.items() if digest in theirs]
    both = np.array(pairs, np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _first(hashes: NDArray[np.object_]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for row, digest in enumerate(hashes):
        found.setdefault(str(digest), row)
    return found


def _views(
    stores: tuple[Store, Store], rows: tuple[Rows, Rows], progress: Progress
) -> tuple[Views, ...]:
    read: list[dict[str, tuple[NDArray[np.float64], Rows]]] = []
    total, done = sum(len(store.header.probes) for store in stores), 0
    for store, chosen in zip(stores, rows, strict=True):
        read.append({})
        for probe in store.header.probes:
            x = store.embeddings(probe)[chosen]
            read[-1][probe] = compact(x), nearest(x, np.arange(len(x)), NEIGHBOURS)
            done += 1
            progress("comparing views", done, total)
    return tuple(
        Views(mine, other, _rounded(cka(x, y)), round(shared(near, theirs), 4))
        for (mine, (x, near)), (other, (y, theirs)) in product(*(side.items() for side in read))
    )


def _ami(one: Rows, other: Rows, *, empty: bool) -> float | None:
    return None if empty or not len(one) else _rounded(ami(one, other))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _side(run: Path, domains: Domains, told: tuple[Fate, ...]) -> Side:
    model = str(domains.folder.run["model"]["path"])
    return Side(str(run), model, len(domains.grouping.paths), told)
