"""What the map is drawn in."""

from onnxprobe.report.html.markup import Html, tag
from onnxprobe.report.wording import plural


def map_frame(points: int) -> Html:
    """Build what the map's script draws in; without the script it says so."""
    buttons = (("in", "Zoom in", "+"), ("out", "Zoom out", "−"), ("reset", "Whole map", "⤢"))
    canvas = tag(
        "canvas",
        class_="points",
        tabindex="0",
        role="img",
        aria_label=f"Map of {plural(points, 'picture')}, coloured by domain",
        aria_describedby="map-keys",
    )
    tools = [
        tag("button", sign, type="button", data_zoom=name, aria_label=label, title=label)
        for name, label, sign in buttons
    ]
    keys = (
        "Scroll to zoom once the map is clicked, drag to move. Keys: + − zoom, arrows move, 0 whole "
        "map, N and P step through pictures, Escape lets go."
    )
    return tag(
        "div",
        tag(
            "div",
            tag(
                "div",
                canvas,
                tag("canvas", class_="over", aria_hidden="true"),
                tag("div", tools, class_="tools"),
                tag("div", class_="card", hidden=True, aria_live="polite"),
                class_="stage",
            ),
            tag("div", class_="legend"),
            class_="map",
            hidden=True,
        ),
        tag("p", keys, id="map-keys", class_="keys"),
        tag("noscript", tag("p", "The map is drawn by a script; all else on this page is not.")),
    )
