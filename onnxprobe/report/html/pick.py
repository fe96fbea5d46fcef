"""Where the network was probed, and why there."""

from collections.abc import Mapping, Sequence
from typing import Any

from onnxprobe.report.html.markup import Html, named, tag
from onnxprobe.report.reading import number, sequence
from onnxprobe.report.wording import percent, shape


def pick_prose(pick: Mapping[str, Any], probes: Sequence[str]) -> Html:
    """Say where the network was probed, and why there."""
    if not pick:
        return tag("p", "run.json records no pick.", class_="empty")
    facts = [
        ("per sample", shape(pick.get("shape"))),
        ("made by", str(pick.get("op") or "")),
        ("role", str(pick.get("role") or "")),
        ("numbers left after it", _ratio(pick.get("ratio"))),
        ("layers before it", _part(pick.get("depth"))),
    ]
    return tag(
        "div",
        tag("p", named(str(pick.get("tensor", "?"))), class_="tensor"),
        tag(
            "p",
            "The pick is ambiguous: the network has more than one place that fits. "
            "Look at the alternatives before relying on it.",
            class_="flag",
        )
        if pick.get("ambiguous")
        else None,
        tag(
            "dl",
            [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value],
            class_="facts-list",
        ),
        tag("ul", [tag("li", str(reason)) for reason in sequence(pick.get("reasons"))]),
        tag("h3", "Every probe, pooled in one pass") if probes else None,
        tag("ul", [tag("li", named(probe)) for probe in probes]),
        class_="said",
    )


def _ratio(value: object) -> str:
    ratio = number(value)
    return "" if ratio is None else f"{ratio:.4g} times fewer"


def _part(value: object) -> str:
    part = number(value)
    return "" if part is None else percent(part)
