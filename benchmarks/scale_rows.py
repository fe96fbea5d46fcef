"""Rows as the default recipe would embed them, any number of them, with domains planted in every view.

Half of the domains show in what the pick sees, half in how pictures look, which the three other views
see; 22 % of the rows are background. Made in chunks, so that memory is that of the result.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

WIDTHS: Final = {"last:mean": 512, "deep:std": 256, "middle:std": 128, "early:std": 64}
"""Views of a residual network with 512 channels at the end; the first is the pick."""
SHARES: Final = (0.02, 0.01, 0.005, 0.003, 0.002, 0.001)
"""Of the domains of each kind."""
CROWDS: Final = (0.40, 0.15, 0.12, 0.08, 0.03)
"""Shares of the large groups; the rest is background."""
_CHUNK: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """What was made.

    Attributes:
        views: name to ``(n, d)``.
        member: ``(n, K)`` bool, the domains that are there.
        names: K.
    """

    views: dict[str, Vectors]
    member: NDArray[np.bool_]
    names: tuple[str, ...]


def planted(rows: int, *, seed: int = 0) -> Planted:
    """Make ``rows``; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    crowd = rng.choice(len(CROWDS) + 1, rows, p=[*CROWDS, 1 - sum(CROWDS)])
    what, how = (_dealt(rng, rows) for _ in range(2))
    views = {
        name: _view(np.random.default_rng((seed, d)), d, crowd, how if number else what)
        for number, (name, d) in enumerate(WIDTHS.items())
    }
    count = np.arange(len(SHARES))
    member = np.hstack([what[:, None] == count, how[:, None] == count])
    names = tuple(f"{kind} {share:.1%}" for kind in ("what", "how") for share in SHARES)
    return Planted(views, member, names)


def _dealt(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    """Return the domain of each row, −1 for none."""
    return rng.choice([*range(len(SHARES)), -1], rows, p=[*SHARES, 1 - sum(SHARES)])


def _view(
    rng: np.random.Generator, d: int, crowd: NDArray[np.int64], rare: NDArray[np.int64]
) -> Vectors:
    """Return ``(n, d)``: a spectrum that decays, large groups, and a direction for each domain."""
    basis = np.linalg.qr(rng.normal(size=(d, d)))[0]
    spectrum = (np.arange(d) + 3.0) ** -1
    spectrum *= d / spectrum.sum()
    mix = (basis * np.sqrt(spectrum)).T.astype(np.float32)

    def directions(count: int) -> NDArray[np.float64]:
        found = (rng.normal(size=(count, d)) * spectrum**0.25) @ basis.T
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))

    size = np.sqrt(d)  # of a row, about
    centers = 0.7 * size * directions(len(CROWDS) + 40)
    centers[0] = 0
    shifts = np.vstack([0.62 * size * directions(len(SHARES)), np.zeros((1, d))])
    x = np.empty((len(crowd), d), np.float32)
    for start in range(0, len(crowd), _CHUNK):
        own = slice(start, start + _CHUNK)
        n = len(x[own])
        stray = crowd[own] == len(CROWDS)
        home = np.where(stray, rng.integers(len(CROWDS), len(centers), n), crowd[own])
        pull = np.where(stray, rng.normal(0, 0.4, n), 1.0)
        heavy = np.where(stray, np.maximum(1, 1 / np.sqrt(rng.chisquare(4, n) / 4)), 1.0)
        x[own] = (rng.standard_normal((n, d), np.float32) @ mix) * heavy[:, None].astype(np.float32)
        x[own] += pull[:, None] * centers[home] * np.where(rare[own] < 0, 1, 0.8)[:, None]
        x[own] += shifts[rare[own]] * (1 + 0.15 * rng.normal(size=(n, 1)))
        x[own] += 0.15 * rng.standard_normal((n, d), np.float32)
    return x
