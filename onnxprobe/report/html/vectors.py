"""What the embeddings of a run are like: their channels, and the pictures that are there twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import StoreError
from onnxprobe.images.names import printable
from onnxprobe.recipe.folder import Groups
from onnxprobe.report.html.gallery import tile
from onnxprobe.report.html.markup import Content, Html, tag
from onnxprobe.report.html.tables import figure, numbers, table, words
from onnxprobe.report.wording import percent, plural
from onnxprobe.store import Store
from onnxprobe.store.channels import Channels, every_channel
from onnxprobe.store.duplicates import Group, exact_duplicates, near_duplicates

SIMILARITY: Final = 0.98
"""Cosine, less the mean of all, from which on pictures are near duplicates."""
_CHANNELS: Final = 8
"""Channels whose pictures are shown."""
_SHARED: Final = 3
"""Pictures that two of them may have in common."""
_GROUPS: Final = 8
"""Groups of duplicates that are shown."""
_EACH: Final = 6
"""Pictures of each."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Pictures side by side.

    Attributes:
        title: what they have in common.
        about: a few words on it.
        rows: of the groups.
        said: of each picture, in a word.
    """

    title: str
    about: str
    rows: tuple[int, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Vectors:
    """What the embeddings of a run are like.

    Attributes:
        probes: each probe, and what its channels are like.
        twice: how many pictures there are twice, in a line each.
        excited: the pictures that excite the most selective channels of the first probe.
        alike: the largest groups of duplicates at the first probe.
    """

    probes: tuple[tuple[str, Channels], ...]
    twice: tuple[str, ...]
    excited: tuple[Shown, ...]
    alike: tuple[Shown, ...]

    @classmethod
    def of(cls, store: Store, groups: Groups) -> Self:
        """Look at a store, and choose what is shown of it.

        Raises:
            StoreError: it is damaged.
        """
        row_of = {printable(path): row for row, path in enumerate(groups.path)}
        names = map(printable, store.ledger.path)
        rows = np.array([row_of.get(name, -1) for name in names], np.int64)
        probes = tuple(zip(store.header.probes, every_channel(store), strict=True))
        first, found = probes[0]
        exact = exact_duplicates(store)
        near = near_duplicates(store, first, similarity=SIMILARITY, mean=found.mean)
        largest = sorted(near, key=lambda group: -len(group.rows))[:_GROUPS]
        return cls(
            probes,
            (
                f"Of {len(store):,} pictures {_count(exact)} the same file as another, byte for byte.",
                (
                    f"{_count(near, start=True)} nearly the same embedding at {first} "
                    f"(a cosine of {SIMILARITY:g} or more, less the mean of all)."
                ),
            ),
            tuple(_excited(found, rows)),
            tuple(_alike(group, rows) for group in largest),
        )

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows whose pictures it shows."""
        return tuple(row for shown in (*self.excited, *self.alike) for row in shown.rows)


def vectors_of(path: Path, groups: Groups, pictures: int) -> tuple[Vectors | None, str]:
    """Look at the store of a run that took ``pictures``.

    Returns:
        What is in it, or ``None`` where there is no store; and why it cannot be looked at, empty
        where nothing is wrong. The rest of a report needs no store.
    """
    if not path.is_file():
        return None, ""
    try:
        return Vectors.of(Store.open(path).first(pictures), groups), ""
    except StoreError as error:
        return None, str(error)


def _count(groups: Sequence[Group], *, start: bool = False) -> str:
    pictures = sum(len(group.rows) for group in groups)
    if not pictures:
        return "No picture has" if start else "none is"
    return f"{pictures:,} in {plural(len(groups), 'group')} {'have' if start else 'are'}"


def _excited(found: Channels, rows: NDArray[np.int64]) -> list[Shown]:
    """Choose channels that few pictures excite, and much; no two by the same pictures."""
    if found.count <= found.top.rows.shape[1]:
        return []
    spread = np.sqrt(np.maximum(found.variance, np.finfo(np.float32).tiny))
    height = (found.top.values.mean(axis=1) - found.mean) / spread
    height[found.dead] = -np.inf
    shown: list[Shown] = []
    for channel in np.argsort(-height, kind="stable").tolist():
        best = found.top.rows[channel]
        values = found.top.values[channel][rows[best] >= 0]
        places = tuple(rows[best][rows[best] >= 0].tolist())
        fresh = all(len(set(places) & set(other.rows)) <= _SHARED for other in shown)
        if len(shown) == _CHANNELS or not np.isfinite(height[channel]):
            break
        if places and fresh:
            about = f"{height[channel]:.1f} standard deviations above the mean"
            said = tuple(f"{value:.3g}" for value in values.tolist())
            shown.append(Shown(f"channel {channel}", about, places, said))
    return shown


def _alike(group: Group, rows: NDArray[np.int64]) -> Shown:
    places = tuple(row for row in rows[group.rows].tolist() if row >= 0)[:_EACH]
    about = f"cosine of {np.floor(group.similarity * 1000) / 1000:.3f} or more"
    return Shown(plural(len(group.rows), "picture"), about, places, ("",) * len(places))


def vector_parts(
    found: Vectors, groups: Groups, *, tiles: Mapping[int, bytes]
) -> tuple[Content, ...]:
    """Draw all of it; pictures that are not in ``tiles`` are placeholders."""
    return (
        _channel_table(found),
        [tag("p", line) for line in found.twice],
        _rows(found.alike, groups, tiles),
        _rows(found.excited, groups, tiles),
    )


def _channel_table(found: Vectors) -> Html:
    return table(
        "The vectors of each probe",
        [*words("probe"), *numbers("channels", "least", "largest", "zeros", "never change")],
        [
            [
                tag("th", tag("code", probe), scope="row"),
                *(
                    figure(None, said)
                    for said in (
                        f"{len(one.low):,}",
                        f"{one.low.min():.3g}",
                        f"{one.high.max():.3g}",
                        percent(float(one.zeros.sum()) / max(1, one.count * len(one.low))),
                        f"{len(one.dead):,}",
                    )
                ),
            ]
            for probe, one in found.probes
        ],
    )


def _rows(shown: Sequence[Shown], groups: Groups, tiles: Mapping[int, bytes]) -> list[Html]:
    return [
        tag(
            "div",
            tag("h4", one.title, tag("small", one.about)),
            tag(
                "ul",
                [
                    tile(groups, row, tiles, said)
                    for row, said in zip(one.rows, one.said, strict=True)
                ],
                class_="tiles",
            ),
            class_="tile-row",
        )
        for one in shown
    ]
