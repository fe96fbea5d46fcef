"""Choose pictures of a run: by domain, balanced, diverse, like one, or the most uncertain."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from onnxprobe.errors import NoSuchNameError, SelectionError
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.editing import Domains
from onnxprobe.select._base import Mask, Pool, Wanted
from onnxprobe.select.listing import Listed
from onnxprobe.select.ways import WAYS


def select(  # noqa: PLR0913  what was asked
    run: str | Path,
    way: str = "all",
    *,
    inside: Sequence[str] = (),
    outside: Sequence[str] = (),
    count: int | None = None,
    like: str | None = None,
    view: str = "",
    seed: int = 0,
    progress: Progress = silent,
) -> Listed:
    """Choose pictures of a run.

    Args:
        run: its folder.
        way: one of ``WAYS``.
        inside: domains, by name or id; pictures must be in one of them, if any are named.
        outside: domains; pictures must be in none of them.
        count: how many, at most.
        like: a picture, for the way ``nearest``: its name in the run, or a file.
        view: a probe of the run, where pictures are compared; that of the pick if left out.
        seed: of what is drawn.
        progress: told how far the work is.

    Raises:
        NoSuchNameError: there is no such way, domain or view.
        SelectionError: there is nothing to choose from, or something was not said.
        StoreError: the folder holds no finished run.
        RecipeError: the backbone is needed, and is not there.
    """
    chosen_way = WAYS[way]
    folder = Path(run)
    domains = Domains.read(folder)
    probes = domains.folder.run["probes"]
    if view and view not in probes:
        raise NoSuchNameError("view in the run", view, probes)
    allowed = _any(domains, inside) if inside else np.ones(len(domains.grouping.paths), bool)
    rows = np.flatnonzero(allowed & ~_any(domains, outside))
    if not len(rows):
        raise SelectionError("no picture is in these domains and in none of the others")
    if count is not None and count < 1:
        raise SelectionError(f"--count is one picture or more, not {count}")
    pool = Pool(folder, domains, rows, view, progress)
    chosen = chosen_way.choose(pool, Wanted(count, seed, like))
    return Listed.of(pool, chosen)


def _any(domains: Domains, said: Sequence[str]) -> Mask:
    """Return ``(n,)``: which pictures are in one of the domains."""
    grouping = domains.grouping
    places = [grouping.place(grouping.meant(name)) for name in said]
    return np.asarray(grouping.member[:, places].any(axis=1))
