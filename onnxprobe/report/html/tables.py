"""The report's tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from onnxprobe.report.facts import LARGEST_RATIO, LEAST_RATIO, LEAST_RECALL, DomainFacts, Facts
from onnxprobe.report.html.gallery import link
from onnxprobe.report.html.markup import Content, Html, named, tag
from onnxprobe.report.html.palette import mark
from onnxprobe.report.reading import mapping, number, sequence
from onnxprobe.report.wording import percent, score, shape

_MEANING: Final = {
    "ok": "read and embedded",
    "missing": "named, but could not be read",
    "empty": "no bytes",
    "not an image": "a file of another kind",
    "truncated": "ends before the picture does",
    "decode error": "a picture that cannot be decoded",
    "too small": "below the smallest size asked for",
    "too large": "above the largest size asked for",
    "not finite": "the model answered with an infinity or NaN",
}


def domain_table(domains: Sequence[DomainFacts], faces: Mapping[int, Sequence[str]]) -> Html:
    """List the domains; figures outside the bounds are marked by colour, weight and a sign.

    Args:
        domains: the domains.
        faces: addresses of a few pictures of each domain, by its place in ``domains``.
    """
    looked = any(domain.stability is not None for domain in domains)
    near = any(domain.agreement is not None for domain in domains)
    bounds = f"share ratio {LEAST_RATIO} to {LARGEST_RATIO}, recall at least {LEAST_RECALL}"
    told = "; agreement: of the ten nearest to each of its pictures, the part that is in it too"
    return table(
        f"Every domain, and how well the head finds it on held-out pictures (asked: {bounds})"
        + (told if near else ""),
        [
            *words("domain", "core", "view"),
            *numbers(
                "pictures",
                "share",
                *(["stability"] if looked else []),
                *(["agreement"] if near else []),
                "recall",
                "precision",
                "share ratio",
            ),
        ],
        [
            _domain_row(ordinal, domain, faces.get(ordinal, ()), looked=looked, near=near)
            for ordinal, domain in enumerate(domains)
        ],
        class_="domains sortable",
    )


def _domain_row(
    ordinal: int, domain: DomainFacts, faces: Sequence[str], *, looked: bool, near: bool
) -> list[Html]:
    name = link(ordinal, domain)
    return [
        tag(
            "th",
            mark(ordinal),
            tag("span", str(domain.id), class_="id"),
            name,
            scope="row",
            data_sort=str(domain.id),
        ),
        tag("td", [tag("img", src=face, alt="") for face in faces], class_="faces"),
        tag(
            "td",
            named(domain.view),
            "" if domain.depth is None else f" at {domain.depth:.0%}",
            data_sort=domain.view if domain.depth is None else repr(domain.depth),
        ),
        figure(domain.size, "–" if domain.size is None else f"{domain.size:,}"),
        figure(domain.share, percent(domain.share)),
        *([figure(domain.stability, score(domain.stability), bar=True)] if looked else []),
        *([figure(domain.agreement, score(domain.agreement), bar=True)] if near else []),
        figure(domain.recall, score(domain.recall), bar=True, flagged=domain.misses),
        figure(domain.precision, score(domain.precision), bar=True),
        figure(domain.ratio, score(domain.ratio), flagged=domain.miscounts),
    ]


def heldout_table(found: Facts) -> Html:
    """Put the head beside an answer that is always the largest domain."""
    held, several = found.heldout, len(found.domains) > 1
    return table(
        "The head and a constant answer, on the same held-out pictures",
        [*words("figure"), *numbers("the head", "always the largest"), *words("what it says")],
        [
            [
                tag("th", name, scope="row"),
                figure(ours, score(ours)),
                figure(theirs, score(theirs)),
                tag("td", meaning, class_="prose"),
            ]
            for name, ours, theirs, meaning in (
                (
                    "macro-F1",
                    held.macro_f1,
                    held.constant_f1(len(found.domains)),
                    "recall and precision together, every domain counting the same",
                ),
                (
                    "macro-AUC",
                    held.macro_auc,
                    None if held.macro_auc is None else 0.5,
                    "how well the scores rank members above the rest; 0.5 is chance",
                ),
                (
                    "worst recall",
                    held.worst_recall,
                    None if held.worst_recall is None or not several else 0.0,
                    "the domain that the head finds least of",
                ),
                (
                    "share of the largest domain",
                    None,
                    held.majority,
                    "how often the constant answer is right, without having learned anything",
                ),
            )
        ],
        class_="figures",
    )


def alternatives_table(pick: Mapping[str, Any]) -> Html | None:
    """List the tensors that could be probed instead, each with what speaks for it."""
    others = [mapping(entry) for entry in sequence(pick.get("alternatives"))]
    if not others:
        return None
    return table(
        "Tensors that could have been picked instead",
        words("tensor", "per sample", "why one would"),
        [
            [
                tag("th", tag("code", str(it.get("tensor", ""))), scope="row"),
                tag("td", tag("code", shape(it.get("shape")))),
                tag("td", str(it.get("why", "")), class_="prose"),
            ]
            for it in others
        ],
    )


def ledger_table(found: Facts) -> Html:
    """Say what became of every picture that went in."""
    return table(
        "What became of every picture that went in",
        [*words("status"), *numbers("pictures", "share"), *words("meaning")],
        [
            [
                tag("th", status, scope="row"),
                figure(count, f"{count:,}"),
                figure(count, percent(count / max(1, found.pictures))),
                tag("td", _MEANING.get(status, ""), class_="prose"),
            ]
            for status, count in found.counts.items()
        ],
    )


def settings_table(settings: Mapping[str, Any], seconds: Mapping[str, Any]) -> Html:
    """List every step with its settings and the seconds it took."""
    steps = list(dict.fromkeys([*settings, *seconds]))
    return table(
        "Every step with its settings",
        [*words("step", "settings"), *numbers("seconds")],
        [
            [
                tag("th", step, scope="row"),
                tag("td", _settings(settings.get(step))),
                figure(took := number(seconds.get(step)), "–" if took is None else f"{took:.1f}"),
            ]
            for step in steps
        ],
    )


def pairs_table(caption: str, pairs: Mapping[str, Any]) -> Html:
    """List names with their values."""
    return table(
        caption,
        words("name", "value"),
        [
            [tag("th", name, scope="row"), tag("td", tag("code", _plain(value)))]
            for name, value in pairs.items()
        ],
        class_="pairs",
    )


def table(
    caption: str,
    head: Sequence[Html],
    rows: Iterable[Sequence[Html]],
    *,
    class_: str | None = None,
) -> Html:
    """Draw a table that scrolls by itself where it is too wide."""
    body = tag("tbody", [tag("tr", row) for row in rows])
    whole = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", head)), body, class_=class_
    )
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def words(*names: str) -> list[Html]:
    """Head columns of words."""
    return [tag("th", name, scope="col") for name in names]


def numbers(*names: str) -> list[Html]:
    """Head columns of numbers."""
    return [tag("th", name, scope="col", class_="figure") for name in names]


def figure(value: float | None, text: str, *, bar: bool = False, flagged: bool = False) -> Html:
    """Draw a cell with a number; a bar shows a share of 1, a flag what is out of bounds."""
    length = None if value is None or not bar else f"--part:{min(1.0, max(0.0, value)):.3f}"
    return tag(
        "td",
        tag("span", "⚑ ", class_="sign", title="out of bounds") if flagged else None,
        text,
        class_="figure flagged" if flagged else "figure",
        style=length,
        data_sort="" if value is None else repr(value),
    )


def _settings(settings: object) -> Content:
    if not isinstance(settings, Mapping):
        return tag("code", _plain(settings)) if settings is not None else None
    return [
        tag("span", tag("b", str(name)), " ", tag("code", _plain(value)), class_="setting")
        for name, value in settings.items()
    ]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
