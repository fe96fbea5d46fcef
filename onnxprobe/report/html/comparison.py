"""Two runs side by side, as one HTML page that needs nothing beside it."""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from onnxprobe.atomic import replacing
from onnxprobe.compare import Comparison
from onnxprobe.compare.compare import Side
from onnxprobe.report.comparison import headlines, notes, said
from onnxprobe.report.html.markup import Html, markup, named, tag
from onnxprobe.report.wording import score

_STYLE: Final = files("onnxprobe.report.html") / "assets" / "page.css"
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


def write_comparison(found: Comparison, path: str | Path) -> Path:
    """Write the page to ``path`` and return it; the same comparison gives the same bytes."""
    path = Path(path)
    with replacing(path) as temporary:
        temporary.write_text(comparison_page(found), "utf-8")
    return path


def comparison_page(found: Comparison) -> str:
    """Compose the page; nothing on it runs, and nothing is loaded."""
    title = "Two runs compared"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        Html(f"<style>{_STYLE.read_text('utf-8')}</style>"),
    )
    lead = tag(
        "header",
        tag("p", "onnxprobe", tag("span", "compare"), class_="eyebrow"),
        tag("h1", title),
        [tag("p", line) for line in headlines(found)],
        class_="masthead",
    )
    body = (
        _section("views", "Views", notes(found), _views(found)),
        _section("first", "Domains of the first run", _READ, _domains(found.one)),
        _section("second", "Domains of the second run", _READ, _domains(found.other)),
    )
    page = tag("html", head, tag("body", lead, tag("main", body)), lang="en")
    return f"<!doctype html>\n{markup(page)}\n"


_READ: Final = (
    (
        "A domain is the same where more than half of all pictures of the two are in both, counted "
        "over the pictures that both runs have."
    ),
)


def _section(name: str, heading: str, lines: Sequence[str], content: Html) -> Html:
    margin = tag(
        "div",
        tag("h2", heading),
        tag("div", [tag("p", line) for line in lines], class_="notes"),
        class_="margin",
    )
    return tag("section", margin, tag("div", content, class_="content"), id=name)


def _views(found: Comparison) -> Html:
    rows = (
        (
            tag("th", named(views.one), scope="row"),
            tag("td", named(views.other)),
            tag("td", score(views.cka), class_="figure"),
            tag("td", score(views.neighbours), class_="figure"),
        )
        for views in found.views
    )
    return _table("How alike the views are", ("first", "second"), ("CKA", "near"), rows)


def _domains(side: Side) -> Html:
    if not side.domains:
        return tag("p", "No domain.", class_="empty")
    rows = (
        (
            tag("th", tag("bdi", fate.name), scope="row"),
            tag("td", said(fate), class_="prose"),
            tag("td", f"{fate.size:,}", class_="figure"),
            tag("td", f"{fate.jaccard:.2f}", class_="figure"),
        )
        for fate in side.domains
    )
    return _table(
        "What became of each in the other run",
        ("domain", "in the other run"),
        ("pictures", "Jaccard"),
        rows,
    )


def _table(
    caption: str, words: Sequence[str], figures: Sequence[str], rows: Iterable[Sequence[Html]]
) -> Html:
    head = [
        *(tag("th", name, scope="col") for name in words),
        *(tag("th", name, scope="col", class_="figure") for name in figures),
    ]
    body = tag("tbody", [tag("tr", row) for row in rows])
    table = tag("table", tag("caption", caption), tag("thead", tag("tr", head)), body)
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption)
