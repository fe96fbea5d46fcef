"""Whether the pictures of a group have their like around them: how many of their nearest are in it too."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from onnxprobe.directions import nearest
from recipes.grouped import Grouped
from recipes.vectors.whitening import Vectors

NEAREST: Final = 10
SAMPLE: Final = 10_000
"""Pictures that are looked at, at most: the first, which are a fair sample."""
_FEWEST: Final = 3
"""Pictures of a group below which nothing is said."""


def agreement(views: Mapping[str, Vectors], grouped: Grouped) -> tuple[float | None, ...]:
    """Return for each group the part of its pictures' ten nearest that are in it too, 0 to 1.

    In the view that shows it, by cosine, channels standardised; a group of fewer pictures is
    compared with as many nearest as it could fill. Null where hardly any of it is in the sample.
    """
    found: list[float | None] = [None] * len(grouped.view)
    for name, x in views.items():
        own = [k for k, view in enumerate(grouped.view) if view == name]
        member = grouped.member[:SAMPLE, own]
        rows = np.flatnonzero(member.any(axis=1))
        if not len(rows):
            continue
        near = nearest(x[:SAMPLE], rows, min(NEAREST, len(member) - 1))
        inside = member[near]  # (rows, 10, K of this view)
        for place, k in enumerate(own):
            size = int(member[:, place].sum())
            if size >= _FEWEST:
                hits = inside[member[rows, place], : size - 1, place]
                found[k] = round(float(hits.mean()), 4)
    return tuple(found)
