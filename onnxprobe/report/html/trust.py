"""How far the head may be trusted: kinds of head compared, chances, strangers."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from onnxprobe.report.html.markup import Content, Html, tag
from onnxprobe.report.html.tables import figure, numbers, table, words
from onnxprobe.report.reading import number
from onnxprobe.report.trust import AREAS, Trust
from onnxprobe.report.wording import percent, plural, score

_AREAS: Final = dict(
    zip(
        AREAS,
        (
            "a class against the rest, every class counting the same",
            "a class against the rest, classes counting by their pictures",
            "class against class, every pair counting the same",
            "class against class, pairs counting by their pictures",
        ),
        strict=True,
    )
)
_HEADS: Final = {
    "linear": "one linear layer",
    "mlp": "a hidden layer of 128 before it",
    "centroid": "the class whose mean is nearest",
}
_MEASURES: Final = {
    "highest score": "how low the best score is: for comparison",
    "nearest": "cosine distance to the nearest example",
    "mahalanobis": "distance to the nearest class, in its spreads",
    "energy": "how little all logits say together",
}
_WIDE: Final = 360
_HIGH: Final = 200
_MARGIN: Final = 34
_DETAILED: Final = 0.6
"""Lowest purity from which every tenth has a line."""


def trust_parts(trust: Trust) -> list[Html | None]:
    """Draw what is recorded: kinds of head, chances and areas, strangers, and what leaving them out gains."""
    return [_components(trust), _heads(trust), _chances(trust), _strangers(trust), _curve(trust)]


def _components(trust: Trust) -> Html | None:
    if trust.components is None:
        return None
    needed, shown = trust.components
    return tag(
        "p",
        f"The variance that was asked for takes {plural(needed, 'component')}; {shown:,} are shown, and "
        f"explain {percent(trust.explained)} of the variance of the held-out pictures. Nothing was learnt "
        "but where the ends begin: the figures say whether they begin there for new pictures too.",
    )


def _heads(trust: Trust) -> Html | None:
    if len(trust.heads) < 2:  # noqa: PLR2004
        return None
    compared = table(
        "Kinds of head on the same held-out pictures, nothing rejected",
        [
            *words("head"),
            *numbers("macro-F1", "accuracy", "macro-AUC", "ECE"),
            *words("what it is"),
        ],
        [
            [
                tag("th", name, " (fused)" if name == trust.head else "", scope="row"),
                *(
                    figure(value := number(figures.get(key)), score(value))
                    for key in ("macro_f1", "accuracy", "macro_auc", "ece")
                ),
                tag("td", _HEADS.get(name, ""), class_="prose"),
            ]
            for name, figures in trust.heads.items()
        ],
    )
    if trust.better is None:
        return compared
    hint = (
        f"The {trust.better} head does better here. To fuse it: ",
        tag("code", f"--set classifier.head={trust.better}"),
    )
    return tag("div", compared, tag("p", hint))


def _chances(trust: Trust) -> Html | None:
    rows: list[tuple[str, float | None, str, str]] = []
    if trust.ece is not None:
        meaning = "how far the highest score is from the part of pictures where it is right"
        rows.append(("calibration error", trust.ece, score(trust.ece), meaning))
    rows += [
        (f"AUC {name.replace('_', ' ')}", trust.areas[name], score(trust.areas[name]), meaning)
        for name, meaning in _AREAS.items()
        if name in trust.areas
    ]
    if trust.cross_validated is not None:
        mean, spread = trust.cross_validated
        meaning = f"mean and deviation over {len(trust.folds)} folds of the pictures that teach"
        rows.append(("cross-validated macro-F1", mean, f"{mean:.3f} ± {spread:.3f}", meaning))
    if not rows:
        return None
    return table(
        "Scores as chances, and as an order",
        [*words("figure"), *numbers("the head"), *words("what it says")],
        [
            [
                tag("th", name, scope="row"),
                figure(value, text),
                tag("td", meaning, class_="prose"),
            ]
            for name, value, text, meaning in rows
        ],
        class_="pairs",
    )


def _strangers(trust: Trust) -> Html | None:
    columns = {trust.against or "": trust.auroc, "pictures of nothing": trust.noise}
    columns = {strangers: areas for strangers, areas in columns.items() if areas}
    if not columns:
        return None
    names = dict.fromkeys(name for areas in columns.values() for name in areas)
    rejecting = trust.measure is not None and trust.measure in _MEASURES
    answered = "" if trust.answered is None else f"; {percent(trust.answered)} of all are answered"
    return table(
        f"How surely strangers are told from known pictures (AUROC{answered})",
        [*words("measure"), *numbers(*columns), *words("what it is")],
        [
            [
                tag(
                    "th",
                    name,
                    " (used)" if rejecting and name == trust.measure else "",
                    scope="row",
                ),
                *(
                    figure(value := areas.get(name), score(value), bar=True)
                    for areas in columns.values()
                ),
                tag("td", _MEASURES.get(name, ""), class_="prose"),
            ]
            for name in names
        ],
        class_="pairs",
    )


def _curve(trust: Trust) -> Html | None:
    """Draw purity over coverage; the left end answers only the most familiar pictures."""
    if len(trust.curve) < 3:  # noqa: PLR2004
        return None
    lowest = min(purity for _, purity in trust.curve)
    step = 0.1 if lowest >= _DETAILED else 0.25
    floor = np.floor(lowest / step) * step
    points = [_place(coverage, purity, floor) for coverage, purity in trust.curve]
    ticks = np.arange(floor, 1 + step / 2, step).tolist()
    svg = tag(
        "svg",
        [_gridline(value, floor) for value in ticks],
        [_foot(part) for part in (0.0, 0.25, 0.5, 0.75, 1.0)],
        tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_="line"),
        viewBox=f"0 0 {_WIDE + 2 * _MARGIN} {_HIGH + 2 * _MARGIN}",
        role="img",
        aria_label="purity over coverage",
    )
    ends = trust.curve[0], trust.curve[-1]
    said = (
        f"Answering only the {percent(ends[0][0])} least strange, {percent(ends[0][1])} of the answers are "
        f"right; answering all, {percent(ends[1][1])}. Across: part of the held-out pictures that is "
        "answered. Up: part of the answers that is right."
    )
    return tag("figure", svg, tag("figcaption", said), class_="curve")


def _place(coverage: float, purity: float, floor: float) -> tuple[float, float]:
    up = (purity - floor) / max(1 - floor, 1e-9)
    return _MARGIN + coverage * _WIDE, _MARGIN + (1 - up) * _HIGH


def _gridline(value: float, floor: float) -> Content:
    left, y = _place(0.0, value, floor)
    right, _ = _place(1.0, value, floor)
    return [
        tag("line", x1=f"{left:.1f}", x2=f"{right:.1f}", y1=f"{y:.1f}", y2=f"{y:.1f}"),
        tag("text", f"{value:.0%}", x=f"{left - 6:.1f}", y=f"{y + 3:.1f}", class_="end"),
    ]


def _foot(part: float) -> Html:
    x, y = _MARGIN + part * _WIDE, _MARGIN + _HIGH + 16
    return tag("text", f"{part:.0%}", x=f"{x:.1f}", y=f"{y:.1f}", class_="middle")


def notes(trust: Trust) -> Sequence[str]:
    """Say how to read what is drawn."""
    if trust.against == "classes left out in turn":
        return (
            (
                "Every picture here has a class. To see whether strangers are told, classes were "
                "left out in turn: their pictures are then the strangers."
            ),
        )
    return ()
