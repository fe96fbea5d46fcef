"""The map's data: every picture a point, a stated number of them with a thumbnail.

Points are packed as little-endian arrays in base64, about a dozen bytes each, so that a map of
hundreds of thousands still opens. They are shuffled, which keeps any domain from being drawn over
all others, and those with a thumbnail come first.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from onnxprobe.recipe.folder import Groups, Lists
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html.thumbnails import SPRITE, SPRITE_QUALITY, Pixels, webp
from onnxprobe.report.wording import visible

MOST_THUMBNAILS: Final = 4_000
MOST_NAMES: Final = 20_000
NO_CONFIDENCE: Final = 255
_STEPS: Final = 65_535  # of a coordinate
_HALF_PERCENTS: Final = 200  # of a confidence
_COLUMNS: Final = 16  # of a sheet of sprites
_GREY: Final = 128  # where a sheet holds no picture
_CELLS: Final = 48  # of the grid that finds a domain's densest place


@dataclass(frozen=True, eq=False)
class Placed:
    """The pictures that have a place on the map.

    Attributes:
        rows: rows of the groups in the order they are drawn, int64 ``(m,)``.
        pictured: how many of them, from the first, have a thumbnail.
        named: how many of them, from the first, have their name in the page.
    """

    rows: np.ndarray
    pictured: int
    named: int


def place(groups: Groups, *, seed: int) -> Placed:
    """Order the pictures that have coordinates; thumbnails go round the domains in turn.

    So a rare domain has as many thumbnails as a common one, until it has no more pictures.
    """
    shown = np.flatnonzero(np.isfinite(groups.x) & np.isfinite(groups.y))
    shown = np.random.default_rng(seed).permutation(shown)
    by_domain = np.argsort(groups.domain[shown], kind="stable")
    _, sizes = np.unique(groups.domain[shown], return_counts=True)
    turn = np.empty(len(shown), np.int64)
    turn[by_domain] = np.arange(len(shown)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    pictured = np.sort(np.argsort(turn, kind="stable")[:MOST_THUMBNAILS])
    rest = np.setdiff1d(np.arange(len(shown)), pictured)
    named = len(shown) if len(shown) <= MOST_NAMES else len(pictured)
    return Placed(shown[np.concatenate([pictured, rest])], len(pictured), named)


def map_data(
    groups: Groups,
    placed: Placed,
    domains: Sequence[DomainFacts],
    sprites: Mapping[int, Pixels],
) -> dict[str, Any]:
    """Pack what the map's script draws; domains are written as their place in ``domains``."""
    rows = placed.rows
    x, y = unit_square(groups.x[rows], groups.y[rows])
    ordinals = {domain.id: ordinal for ordinal, domain in enumerate(domains)}
    primary = _ordinals(groups.domain[rows], ordinals)
    splits = sorted(set(groups.split))
    pictured = rows[: placed.pictured].tolist()
    return {
        "points": len(rows),
        "x": packed(np.rint(x * _STEPS)),
        "y": packed(np.rint(y * _STEPS)),
        "primary": packed(primary + 1),
        "domains": _packed_lists(groups.domains.take(rows), ordinals),
        "predicted": _packed_lists(groups.predicted.take(rows), ordinals),
        "confidence": packed(half_percents(groups.confidence[rows])),
        "split": packed(np.array([splits.index(groups.split[row]) for row in rows])),
        "splits": [visible(split) for split in splits],
        "names": [visible(groups.path[row]) for row in rows[: placed.named]],
        "pictured": placed.pictured,
        "blank": [place for place, row in enumerate(pictured) if row not in sprites],
        "sprite": SPRITE,
        "columns": _COLUMNS,
        "sheets": _sheets([sprites.get(row) for row in pictured]),
        "legend": _legend(domains, groups.domains.take(rows), x, y),
    }


def unit_square(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a layout into the square from 0 to 1, in the middle, with one scale for both axes."""
    if len(x) == 0:
        return x, y
    span = max(np.ptp(x), np.ptp(y)) or 1.0
    return (
        0.5 + (x - (x.min() + x.max()) / 2) / span,
        0.5 + (y - (y.min() + y.max()) / 2) / span,
    )


def packed(values: np.ndarray) -> dict[str, Any]:
    """Write whole numbers of at least 0 in the fewest bytes each, as base64."""
    largest = int(values.max(initial=0))
    size = next(size for size in (1, 2, 4) if largest < 256**size)
    return {"bytes": size, "base64": b64encode(values.astype(f"<u{size}").tobytes()).decode()}


def half_percents(confidence: np.ndarray) -> np.ndarray:
    """Round confidences down to half a percent, 0 to 200; 255 where there is none."""
    steps = np.clip(np.floor(confidence * _HALF_PERCENTS), 0, _HALF_PERCENTS)
    return np.where(np.isnan(confidence), NO_CONFIDENCE, steps)


def _packed_lists(lists: Lists, ordinals: Mapping[int, int]) -> dict[str, Any]:
    return {
        "lengths": packed(lists.lengths),
        "ids": packed(_ordinals(lists.ids, ordinals)),
    }


def _ordinals(ids: np.ndarray, ordinals: Mapping[int, int]) -> np.ndarray:
    """Turn ids into places in the list of domains, -1 for those below 0."""
    known, where = np.unique(ids, return_inverse=True)
    return np.array([ordinals.get(int(one), -1) for one in known], np.int64)[where]


def _sheets(sprites: Sequence[Pixels | None]) -> list[str | None]:
    """Lay sprites on square sheets, row by row, as data URIs; None for a sheet without any."""
    per_sheet = _COLUMNS**2
    return [
        _sheet(sprites[start : start + per_sheet]) for start in range(0, len(sprites), per_sheet)
    ]


def _sheet(sprites: Sequence[Pixels | None]) -> str | None:
    if all(sprite is None for sprite in sprites):
        return None
    rows = -(-len(sprites) // _COLUMNS)
    sheet = np.full((rows, SPRITE, _COLUMNS, SPRITE, 3), _GREY, np.uint8)
    for place, sprite in enumerate(sprites):
        if sprite is not None:
            sheet[place // _COLUMNS, :, place % _COLUMNS] = sprite
    flat = sheet.reshape(rows * SPRITE, _COLUMNS * SPRITE, 3)
    return data_uri(webp(flat, SPRITE_QUALITY))


def data_uri(picture: bytes) -> str:
    """Write a WebP picture as an address that holds it."""
    return f"data:image/webp;base64,{b64encode(picture).decode()}"


def _legend(
    domains: Sequence[DomainFacts], members: Lists, x: np.ndarray, y: np.ndarray
) -> list[dict[str, Any]]:
    legend = []
    for domain in domains:
        mine = members.having(domain.id)
        spot = _densest(x[mine], y[mine])
        legend.append({"id": domain.id, "name": visible(domain.name), "spot": spot})
    return legend


def _densest(x: np.ndarray, y: np.ndarray) -> list[float] | None:
    """Find where a domain's number is best written: the middle of its densest place."""
    if len(x) == 0:
        return None
    column, row = (np.minimum((v * _CELLS).astype(int), _CELLS - 1) for v in (x, y))
    grid = np.zeros((_CELLS + 2, _CELLS + 2))
    np.add.at(grid, (row + 1, column + 1), 1)
    smooth = sum(np.roll(grid, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    top, left = np.unravel_index(np.argmax(smooth), grid.shape)
    near = (abs(row + 1 - top) <= 1) & (abs(column + 1 - left) <= 1)
    return [round(float(x[near].mean()), 4), round(float(y[near].mean()), 4)]
