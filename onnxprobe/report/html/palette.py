"""Marks for many domains: seven colours times six shapes, and the domain's number beside both.

The colours stay apart (at least 0.1 in OKLab) for the colour-blind as well, simulated after Machado
et al. (2009, doi 10.1109/TVCG.2009.113); colour alone never carries a meaning on the page.
"""

from typing import Final

from onnxprobe.report.html.markup import Html, tag

LIGHT: Final = ("#3660d3", "#c98300", "#c13887", "#0a96ec", "#716d00", "#821900", "#692086")
DARK: Final = ("#53befc", "#dd7b03", "#a668e6", "#5cf2e4", "#dedb45", "#c8331a", "#00a28d")
# In a box from -1 to 1, y down. All have about the area of the disc.
SHAPES: Final = {
    "disc": "M-.9 0A.9 .9 0 1 1 .9 0A.9 .9 0 1 1 -.9 0Z",
    "square": "M-.8-.8H.8V.8H-.8Z",
    "triangle": "M0-1.1L1.05.75H-1.05Z",
    "diamond": "M0-1.15L1.15 0L0 1.15L-1.15 0Z",
    "plus": "M-.4-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
    "drop": "M0 1.1L1.05-.75H-1.05Z",
}


def mark(ordinal: int | None) -> Html:
    """Draw the mark of the ``ordinal``-th domain; None is the mark of pictures in no domain."""
    if ordinal is None:
        return _svg("mark none", 0)
    return _svg(f"mark c{ordinal % len(LIGHT)}", ordinal // len(LIGHT) % len(SHAPES))


def symbols() -> Html:
    """Define the shapes once; ``mark`` and the map's script both use them from here."""
    shapes = [
        tag("symbol", tag("path", d=path), id=f"shape-{index}", viewBox="-1.25 -1.25 2.5 2.5")
        for index, path in enumerate(SHAPES.values())
    ]
    return tag("svg", shapes, class_="symbols", aria_hidden="true")


def style() -> str:
    """Write the colours as CSS variables for both themes, and a class for each."""
    light, dark = (
        "".join(f"--c{index}:{colour};" for index, colour in enumerate(theme))
        for theme in (LIGHT, DARK)
    )
    classes = "".join(f".c{index}{{color:var(--c{index})}}" for index in range(len(LIGHT)))
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{classes}"


def _svg(class_: str, shape: int) -> Html:
    return tag("svg", tag("use", href=f"#shape-{shape}"), class_=class_, aria_hidden="true")
