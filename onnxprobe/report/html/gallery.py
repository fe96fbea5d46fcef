"""A gallery per domain: what it is at its core, and where it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from onnxprobe.recipe.folder import Groups
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html.map import data_uri
from onnxprobe.report.html.markup import Html, named, tag
from onnxprobe.report.html.palette import mark
from onnxprobe.report.wording import percent, plural, score, signed

MOST_TILES: Final = 1_200
MOST_GALLERIES: Final = 150
_FEWEST_EACH: Final = 3
_MOST_EACH: Final = 12
_FACES: Final = 4


@dataclass(frozen=True)
class Gallery:
    """Rows of the groups that show what a domain is.

    Attributes:
        domain: the domain.
        core: members the head is surest of, surest first.
        border: other members, the least sure first; those the head misses come before all.
        outside: pictures outside that the head counts in, surest first.
        random: a seeded sample of the remaining members.
    """

    domain: DomainFacts
    core: tuple[int, ...]
    border: tuple[int, ...]
    outside: tuple[int, ...]
    random: tuple[int, ...]

    @classmethod
    def of(cls, groups: Groups, domain: DomainFacts, *, each: int, seed: int) -> Self:
        """Choose at most ``each`` pictures of every kind, none of them twice."""
        inside, found = groups.domains.having(domain.id), groups.predicted.having(domain.id)
        order = np.lexsort((-np.nan_to_num(groups.confidence, nan=-1), ~found))
        members, others = order[inside[order]], order[(found & ~inside)[order]]
        rest = members[each:]
        middle = rest[: max(0, len(rest) - each)]
        drawn = np.random.default_rng((seed, domain.id)).permutation(middle)[:each]
        return cls(
            domain=domain,
            core=tuple(members[:each].tolist()),
            border=tuple(rest[len(middle) :][::-1].tolist()),
            outside=tuple(others[:each].tolist()),
            random=tuple(drawn.tolist()),
        )

    @property
    def rows(self) -> tuple[int, ...]:
        """All rows it shows."""
        return self.core + self.border + self.outside + self.random

    @property
    def faces(self) -> tuple[int, ...]:
        """The few rows that stand for the domain where there is little room."""
        return self.core[:_FACES]


def galleries(groups: Groups, domains: Sequence[DomainFacts], *, seed: int) -> tuple[Gallery, ...]:
    """Choose the pictures of every gallery, fewer each where there are many domains."""
    shown = domains[:MOST_GALLERIES]
    each = min(_MOST_EACH, max(_FEWEST_EACH, MOST_TILES // (4 * max(1, len(shown)))))
    return tuple(Gallery.of(groups, domain, each=each, seed=seed) for domain in shown)


def link(ordinal: int, domain: DomainFacts) -> Html:
    """Write a domain's name, as a link to its gallery where there is one."""
    name = tag("bdi", domain.name)
    return tag("a", name, href=f"#domain-{ordinal}") if ordinal < MOST_GALLERIES else name


def gallery_article(
    gallery: Gallery, ordinal: int, groups: Groups, *, tiles: Mapping[int, bytes]
) -> Html:
    """Draw a gallery; pictures that are not in ``tiles`` are placeholders with their name."""
    domain = gallery.domain
    title = tag(
        "h3", mark(ordinal), tag("span", str(domain.id), class_="id"), tag("bdi", domain.name)
    )
    facts = (
        None if domain.size is None else plural(domain.size, "picture"),
        None if domain.share is None else f"{percent(domain.share)} of all",
        None if domain.stability is None else f"stability {score(domain.stability)}",
        f"held-out recall {score(domain.recall)}",
        f"precision {score(domain.precision)}",
    )
    kinds = (
        ("Core", "the head is surest", gallery.core),
        ("Border", "members it misses or is least sure of", gallery.border),
        ("Just outside", "not members, yet the head says so", gallery.outside),
        ("Random", "drawn from the rest", gallery.random),
    )
    return tag(
        "article",
        tag("header", title, _map_button(ordinal), class_="gallery-head"),
        tag("p", " · ".join(filter(None, facts)), class_="facts"),
        tag("p", "found at ", named(domain.view), class_="facts") if domain.view else None,
        [tag("p", flag, class_="flag") for flag in domain.flags],
        _marks(domain),
        [
            tag(
                "div",
                tag("h4", kind, tag("small", why)),
                tag(
                    "ul",
                    [tile(groups, row, tiles, _sure(groups, domain, row)) for row in rows],
                    class_="tiles",
                ),
                class_="tile-row",
            )
            for kind, why, rows in kinds
            if rows
        ],
        class_="gallery",
        id=f"domain-{ordinal}",
    )


def _marks(domain: DomainFacts) -> Html | None:
    """Say what marks the domain, and by how much."""
    if not domain.marks:
        return None
    rows = [
        tag(
            "li",
            tag("b", mark.words or mark.what),
            f" {mark.what}: " if mark.words and mark.what not in mark.words else " ",
            f"{mark.figures}, δ {signed(mark.effect)}",
            title=mark.about or None,
        )
        for mark in domain.marks
    ]
    return tag(
        "details",
        tag("summary", "Marked by ", tag("bdi", domain.description or "channels alone")),
        tag("ul", rows),
        class_="marks",
    )


def _map_button(ordinal: int) -> Html:
    return tag("button", "Show on map", type="button", class_="quiet", data_show=str(ordinal))


def tile(groups: Groups, row: int, tiles: Mapping[int, bytes], said: str) -> Html:
    """Draw a picture with what is ``said`` of it; one that is not in ``tiles`` is a placeholder."""
    path = groups.path[row]
    title = f"{path} · {said}"
    if row not in tiles:
        return tag("li", tag("div", tag("bdi", path), class_="blank", title=title), said)
    address = data_uri(tiles[row])
    return tag("li", tag("img", src=address, alt=path, title=title, loading="lazy"), said)


def _sure(groups: Groups, domain: DomainFacts, row: int) -> str:
    """Write the head's confidence; where it does not name the domain, it missed the picture."""
    if domain.id not in groups.predicted[row]:
        return "missed"
    return sure(groups, row)


def sure(groups: Groups, row: int) -> str:
    """Write the confidence of the head's best answer; it never rounds up to certainty."""
    confidence = groups.confidence[row]
    return "" if np.isnan(confidence) else f"{np.floor(confidence * 100):.0f}%"
