"""What tells a domain from the rest: of all that was compared, what is large and no chance."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.describe.attributes import ATTRIBUTES, Value
from onnxprobe.describe.effects import (
    MEDIUM,
    adjusted,
    category_effects,
    cramers_v,
    number_effects,
)

CHANCE: Final = 0.01
"""Part of all marks that may be chance: the largest q that is shown."""
_ATTRIBUTES: Final = 5
_CHANNELS: Final = 3
"""Marks of a domain, at most, of either sort."""
_FEWEST: Final = 5
"""Pictures that a category has at least, to be compared."""

Mask = NDArray[np.bool_]
Real = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that tells a domain from the rest.

    Attributes:
        what: name of the attribute, of the label column, or ``channel``.
        value: the category, or the number of the channel; null for a number.
        effect: Cliff's delta, −1 to 1; for a category, the difference of the shares.
        q: part of such marks that would be chance (Benjamini & Hochberg 1995).
        inside: median in the domain; for a category, the share of the domain that has it.
        outside: the same of all other pictures.
        lift: share inside over the share of all; null for a number.
        cramers_v: of the category and the domain, 0 to 1; null for a number.
        about: what was measured.
        words: it in a word or two.
    """

    what: str
    value: str | int | None
    effect: float
    q: float
    inside: float
    outside: float
    lift: float | None
    cramers_v: float | None
    about: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Columns that were compared with all domains, before it is known which of them count."""

    x: Real
    name: Sequence[tuple[str, str | int | None]]
    delta: Real
    p: Real


def marks(
    columns: Mapping[str, Sequence[Value]],
    channels: Mapping[str, NDArray[np.float32]],
    member: Mask,
    view: Sequence[str],
) -> tuple[tuple[Mark, ...], ...]:
    """Return for each domain what marks it, the largest effects first.

    Args:
        columns: attributes and labels, n values each.
        channels: name of each view to its embeddings ``(n, d)``.
        member: ``(n, K)``.
        view: of each domain; its channels are those of that view.
    """
    numbers, categories = _numbers(columns, member), _categories(columns, member)
    inner = {name: _channels(name, x, member, view) for name, x in channels.items()}
    every = (numbers, categories, *inner.values())
    q = adjusted(np.concatenate([compared.p.ravel() for compared in every]))
    split = np.split(q, np.cumsum([compared.p.size for compared in every])[:-1])
    table = {
        id(compared): part.reshape(compared.p.shape)
        for compared, part in zip(every, split, strict=True)
    }
    found = []
    for k in range(member.shape[1]):
        free = [
            *_marked(numbers, table[id(numbers)], member, k),
            *_marked(categories, table[id(categories)], member, k),
        ]
        own = inner.get(view[k])
        deep = [] if own is None else _marked(own, table[id(own)], member, k)
        found.append((*_strongest(free, _ATTRIBUTES), *_strongest(deep, _CHANNELS)))
    return tuple(found)


def _numbers(columns: Mapping[str, Sequence[Value]], member: Mask) -> _Compared:
    chosen = {
        name: np.array([np.nan if v is None else v for v in values], np.float64)
        for name, values in columns.items()
        if not any(isinstance(value, str) for value in values)
    }
    x = np.array(list(chosen.values()), np.float64).reshape(len(chosen), len(member)).T
    return _Compared(x, [(name, None) for name in chosen], *number_effects(x, member))


def _categories(columns: Mapping[str, Sequence[Value]], member: Mask) -> _Compared:
    name: list[tuple[str, str | int | None]] = []
    has: list[Mask] = []
    for column, values in columns.items():
        texts = np.array([v if isinstance(v, str) else "" for v in values], object)
        counts = Counter(text for text in texts if text)
        for value, count in counts.items():
            if _FEWEST <= count < len(values):
                name.append((column, value))
                has.append(texts == value)
    x = np.array(has, bool).reshape(len(has), len(member)).T
    return _Compared(x.astype(np.float64), name, *category_effects(x, member))


def _channels(name: str, x: NDArray[np.float32], member: Mask, view: Sequence[str]) -> _Compared:
    """Compare the channels of a view with the domains that were found in it, and no others."""
    delta, p = np.full((2, x.shape[1], member.shape[1]), np.nan)
    own = [k for k, found_at in enumerate(view) if found_at == name]
    wide = x.astype(np.float64)
    if own:
        delta[:, own], p[:, own] = number_effects(wide, member[:, own])
    return _Compared(wide, [("channel", c) for c in range(x.shape[1])], delta, p)


def _marked(compared: _Compared, q: Real, member: Mask, k: int) -> list[Mark]:
    large = np.abs(compared.delta[:, k]) >= MEDIUM
    rows = np.flatnonzero(large & (q[:, k] <= CHANCE))
    strongest = rows[np.argsort(-np.abs(compared.delta[rows, k]), kind="stable")][:_ATTRIBUTES]
    return [_mark(compared, int(row), q[row, k], member[:, k], k) for row in strongest]


def _mark(compared: _Compared, row: int, q: float, member: Mask, k: int) -> Mark:
    what, value = compared.name[row]
    effect, x = float(compared.delta[row, k]), compared.x[:, row]
    lift: float | None = None
    v: float | None = None
    if isinstance(value, str):
        inside, outside = float(x[member].mean()), float(x[~member].mean())
        lift = _short(inside / float(x.mean()))
        v = _short(cramers_v(inside, outside, float(member.mean())))
    else:
        inside, outside = float(np.nanmedian(x[member])), float(np.nanmedian(x[~member]))
    return Mark(
        what,
        value,
        round(effect, 4),
        float(q),
        _short(inside),
        _short(outside),
        lift,
        v,
        about=ATTRIBUTES[what].about if what in ATTRIBUTES else "",
        words=_words(what, value, effect),
    )


def _words(what: str, value: str | int | None, effect: float) -> str:
    if isinstance(value, str):
        return f"{what} {value}" if effect > 0 else f"not {what} {value}"
    if what in ATTRIBUTES:
        return ATTRIBUTES[what].high if effect > 0 else ATTRIBUTES[what].low
    return f"{'high' if effect > 0 else 'low'} {what}{'' if value is None else f' {value}'}"


def _strongest(found: Sequence[Mark], count: int) -> list[Mark]:
    return sorted(found, key=lambda mark: -abs(mark.effect))[:count]


def _short(value: float) -> float:
    return float(f"{value:.4g}")
