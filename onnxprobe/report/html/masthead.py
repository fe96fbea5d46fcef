"""The head of the page: what was looked at and what was found, in ten seconds."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

from onnxprobe.report.facts import DomainFacts, Facts
from onnxprobe.report.html.gallery import link
from onnxprobe.report.html.markup import Content, Html, tag
from onnxprobe.report.html.palette import mark
from onnxprobe.report.html.proof import compared
from onnxprobe.report.wording import percent, plural, score

_MOST_OPEN: Final = 8  # flagged domains listed without being asked


def title(found: Facts, pictures: int) -> str:
    """Say the result in one line."""
    count = len(found.domains)
    among = plural(pictures, "picture")
    return f"{plural(count, 'domain')} in {among}" if count else f"No domain in {among}"


def masthead(
    found: Facts, proof: Mapping[str, Any] | None, *, pictures: int, covered: float
) -> Html:
    """Say in ten seconds what the run looked at and what it found.

    Args:
        found: the run.
        proof: its proof.
        pictures: how many pictures were grouped.
        covered: share of them in at least one domain, 0 to 1.
    """
    return tag(
        "header",
        tag("p", "onnxprobe", tag("span", found.recipe), class_="eyebrow"),
        tag("h1", title(found, pictures)),
        tag("p", _looked(found), _result(found, covered), class_="lede"),
        _figures(found, proof, pictures=pictures, covered=covered),
        _flags(found),
        class_="masthead",
    )


def _looked(found: Facts) -> Content:
    probes = f" through {plural(len(found.probes), 'probe')}" if found.probes else ""
    return (
        "The backbone ",
        tag("code", PurePath(found.model).name or "?"),
        " looked at ",
        tag("code", found.images or "?"),
        f"{probes}. ",
    )


def _result(found: Facts, covered: float) -> str:
    again = " that came back when the data was resampled" if found.resampled else ""
    if not found.domains:
        missing = "came back often enough when the data was resampled" if again else "was found"
        return (
            f"No group of pictures {missing}, "
            "so there is no domain to recognise. That is a finding, not a failure: seen through "
            "these probes, the pictures form one whole."
        )
    return f"Groups{again} became domains; {percent(covered)} of the pictures are in at least one."


def _figures(
    found: Facts, proof: Mapping[str, Any] | None, *, pictures: int, covered: float
) -> Html:
    held = found.heldout
    entries: list[tuple[str, str, str]] = []
    if found.pictures:
        lost = sum(found.unread.values())
        whole = (
            f"a sample of {found.drawn_from:,}" if found.drawn_from else "every picture was read"
        )
        note = f"{lost:,} left out, see the record" if lost else whole
        entries.append(("pictures read", f"{found.counts.get('ok', 0):,}", note))
    if found.domains:
        entries.append(("in a domain", percent(covered), f"{covered * pictures:,.0f} pictures"))
        base = held.constant_f1(len(found.domains))
        note = f"a constant answer: {score(base)}" if base is not None else ""
        entries.append(("held-out macro-F1", score(held.macro_f1), note))
        worst = min((d for d in found.domains if d.recall is not None), key=_recall, default=None)
        note = worst.name if worst else ""
        entries.append(("weakest recall", score(held.worst_recall), note))
    if found.domains or proof is not None:
        entries.append(_kept(proof))
    return tag(
        "dl",
        [
            tag("div", tag("dt", name), tag("dd", value), tag("dd", note, class_="note"))
            for name, value, note in entries
        ],
        class_="key",
    )


def _recall(domain: DomainFacts) -> float:
    return domain.recall if domain.recall is not None else 1.0


def _kept(proof: Mapping[str, Any] | None) -> tuple[str, str, str]:
    outputs = compared(proof)
    if not outputs:
        return "old outputs", "no proof", "this run holds none"
    if all(output.get("identical") is True for output in outputs):
        return "old outputs", "identical", "to the last bit"
    return "old outputs", "differ", "see the proof below"


def _flags(found: Facts) -> Html | None:
    if not found.domains:
        return None
    if not found.flagged:
        return tag("p", "Every domain is found and counted within bounds.", class_="all-well")
    count = len(found.flagged)
    return tag(
        "details",
        tag("summary", f"{plural(count, 'domain needs', 'domains need')} a look"),
        tag(
            "ul",
            [
                tag(
                    "li",
                    mark(ordinal),
                    link(ordinal, domain),
                    ": ",
                    "; ".join(domain.flags),
                )
                for ordinal, domain in enumerate(found.domains)
                if domain.flags
            ],
        ),
        class_="flags",
        open=count <= _MOST_OPEN,
    )
