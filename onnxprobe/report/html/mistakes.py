"""What the head takes for what: the confusions, and pictures of the most frequent ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from onnxprobe.recipe.folder import Groups
from onnxprobe.report.facts import DomainFacts
from onnxprobe.report.html.gallery import sure, tile
from onnxprobe.report.html.markup import Html, tag
from onnxprobe.report.html.tables import figure, numbers, table, words
from onnxprobe.report.wording import percent, plural

MOST_CLASSES: Final = 25
"""Classes up to which all confusions are shown as a square."""
_MOST_PAIRS: Final = 12
_MOST_LISTED: Final = 40
_EACH: Final = 9
NONE: Final = -1


@dataclass(frozen=True)
class Mistake:
    """Held-out pictures of one domain that the head puts into another, or into none.

    Attributes:
        true: the domain they are in.
        said: the domain the head says; None where it says none.
        count: how many there are.
        rows: a few of them, those the head is surest of first.
    """

    true: DomainFacts
    said: DomainFacts | None
    count: int
    rows: tuple[int, ...]


def mistakes(groups: Groups, domains: Sequence[DomainFacts]) -> tuple[Mistake, ...]:
    """Find the most frequent mistakes among held-out pictures that are in one domain."""
    by_id = {domain.id: domain for domain in domains}
    first = np.full(len(groups), NONE)
    first[groups.predicted.rows[::-1]] = groups.predicted.ids[::-1]  # the first of a row comes last
    aside = np.array([part == "heldout" for part in groups.split], bool)
    wrong = np.flatnonzero(aside & (groups.domain >= 0) & (first != groups.domain))
    pairs = Counter((int(groups.domain[row]), int(first[row])) for row in wrong)
    found: list[Mistake] = []
    for (true, said), count in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        if true not in by_id or len(found) == _MOST_PAIRS:
            continue
        rows = wrong[(groups.domain[wrong] == true) & (first[wrong] == said)]
        order = np.argsort(-np.nan_to_num(groups.confidence[rows]), kind="stable")
        found.append(
            Mistake(by_id[true], by_id.get(said), count, tuple(rows[order][:_EACH].tolist()))
        )
    return tuple(found)


def confusion(counts: Sequence[Sequence[int]], domains: Sequence[DomainFacts]) -> Html | None:
    """Draw a row for each domain and a column for each answer; of many classes, a list of the confusions."""
    if len(counts) != len(domains) or not domains:
        return None
    if len(domains) > MOST_CLASSES:
        return _listed(counts, domains)
    return table(
        "Held-out pictures of each domain (down) by what the head says (across)",
        [*words("domain"), *numbers(*(str(domain.id) for domain in domains), "none")],
        [
            [
                tag(
                    "th",
                    tag("span", str(domain.id), class_="id"),
                    tag("bdi", domain.name),
                    scope="row",
                ),
                *(
                    _cell(count, sum(row), kind="hit" if column == place else "miss")
                    for column, count in enumerate(row)
                ),
            ]
            for place, (domain, row) in enumerate(zip(domains, counts, strict=True))
        ],
        class_="confusion",
    )


def _cell(count: int, of: int, *, kind: str) -> Html:
    return tag(
        "td",
        str(count) if count else "·",
        class_=f"figure {kind}" if count else "figure",
        style=f"--part:{count / max(of, 1):.3f}",
    )


def _listed(counts: Sequence[Sequence[int]], domains: Sequence[DomainFacts]) -> Html:
    names = [*(domain.name for domain in domains), "none"]
    found = [
        (count, place, said)
        for place, row in enumerate(counts)
        for said, count in enumerate(row)
        if count and said != place
    ]
    found.sort(key=lambda one: -one[0])
    return table(
        f"The most frequent of {plural(len(found), 'confusion')}, on held-out pictures",
        [*words("domain", "taken for"), *numbers("pictures", "of the domain")],
        [
            [
                tag("th", tag("bdi", names[place]), scope="row"),
                tag("td", tag("bdi", names[said])),
                figure(count, str(count)),
                figure(count, percent(count / max(1, sum(counts[place])))),
            ]
            for count, place, said in found[:_MOST_LISTED]
        ],
    )


def mistake_rows(
    found: Sequence[Mistake], groups: Groups, *, tiles: Mapping[int, bytes]
) -> list[Html]:
    """Draw a row of pictures for each mistake."""
    return [
        tag(
            "div",
            tag(
                "h4",
                tag("bdi", mistake.true.name),
                " taken for ",
                "none" if mistake.said is None else tag("bdi", mistake.said.name),
                tag("small", plural(mistake.count, "held-out picture")),
            ),
            tag(
                "ul",
                [tile(groups, row, tiles, sure(groups, row)) for row in mistake.rows],
                class_="tiles",
            ),
            class_="tile-row",
        )
        for mistake in found
    ]
