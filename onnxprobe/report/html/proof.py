"""What was compared to show that the old answers are kept, in plain words."""

from collections.abc import Mapping
from typing import Any

from onnxprobe.report.html.markup import Html, named, tag
from onnxprobe.report.reading import mapping, number, sequence
from onnxprobe.report.wording import listed


def proof_prose(proof: Mapping[str, Any] | None) -> Html:
    """Say in plain words what was compared, and what came out."""
    outputs = compared(proof)
    if proof is None or not outputs:
        return tag(
            "p",
            "This run holds no proof that the old outputs are kept: nothing is claimed.",
            class_="empty",
        )
    batches = listed([str(batch) for batch in sequence(proof.get("batches"))])
    runners = listed([str(provider) for provider in sequence(proof.get("providers"))])
    return tag(
        "div",
        tag(
            "p",
            "The backbone and the fused model were run on the same input",
            f" at batches of {batches}" if batches else "",
            f" (ONNX Runtime, {runners})" if runners else "",
            ", and their outputs compared bit by bit.",
        ),
        tag("ul", [_output(output) for output in outputs], class_="proof"),
        _added(proof),
        tag(
            "p",
            "A service that reads the old outputs can load the new file in place of the old one.",
        )
        if all(output.get("identical") is True for output in outputs)
        else None,
        tag("dl", _digests(proof), class_="digests"),
        class_="said",
    )


def _output(output: Mapping[str, Any]) -> Html:
    name = named(str(output.get("name", "?")))
    if output.get("identical") is True:
        return tag("li", name, " is identical to the last bit.", class_="kept")
    largest = number(output.get("max_difference"))
    by = "" if largest is None else f" by at most {largest:.3g}"
    return tag("li", name, f" differs{by}.", class_="flag")


def _added(proof: Mapping[str, Any]) -> Html | None:
    outputs = sequence(proof.get("new_outputs"))
    if not outputs:
        return None
    return tag(
        "div",
        tag("p", "New, after the old ones:"),
        tag("ul", [_new(mapping(it) or {"name": it}) for it in outputs], class_="proof"),
    )


def _new(output: Mapping[str, Any]) -> Html:
    largest = number(output.get("max_difference"))
    said = ""
    if largest is not None:
        said = (
            f" is at most {largest:.1g} away from numpy’s answer."
            if largest
            else " equals numpy’s."
        )
    return tag("li", named(str(output.get("name", "?"))), said)


def _digests(proof: Mapping[str, Any]) -> list[Html]:
    return [
        tag("div", tag("dt", f"{part} sha256"), tag("dd", tag("code", str(digest))))
        for part in ("backbone", "head", "fused")
        if (digest := mapping(proof.get(part)).get("sha256"))
    ]


def compared(proof: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Give the old outputs with what their comparison said."""
    return [mapping(output) for output in sequence((proof or {}).get("outputs"))]
