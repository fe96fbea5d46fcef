"""The report's sections in the order they are read, each with a note on how to read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from onnxprobe.recipe.folder import RunFolder
from onnxprobe.report.facts import Facts
from onnxprobe.report.html import tables
from onnxprobe.report.html.frame import map_frame
from onnxprobe.report.html.gallery import MOST_GALLERIES, Gallery, gallery_article
from onnxprobe.report.html.map import Placed, data_uri
from onnxprobe.report.html.markup import Content, Html, tag
from onnxprobe.report.html.mistakes import Mistake, confusion, mistake_rows
from onnxprobe.report.html.pick import pick_prose
from onnxprobe.report.html.proof import proof_prose
from onnxprobe.report.html.thumbnails import SPRITE_QUALITY, Thumbnails, webp
from onnxprobe.report.html.trust import notes, trust_parts
from onnxprobe.report.html.vectors import Vectors, vector_parts
from onnxprobe.report.html.worked import worked
from onnxprobe.report.reading import mapping, number
from onnxprobe.report.trust import Trust
from onnxprobe.report.wording import plural, visible

_FILES: Final = {
    "fused.onnx": "the backbone with the head in it; loads wherever the backbone did",
    "head.onnx": "the head alone, from embeddings to domains",
    "embeddings.h5": "the embedding of every picture, and the ledger",
    "groups.parquet": "every picture with its domains, its place on the map and the head's answer",
    "run.json": "what was run and what was found, for programs",
    "proof.json": "what was compared to show that the old outputs are kept",
}


@dataclass(frozen=True, eq=False)
class Report:
    """Everything the page says.

    Attributes:
        folder: the run's files.
        found: what the run found, with every domain that a picture belongs to.
        placed: the pictures on the map.
        shown: the galleries.
        pictures: the small pictures for all of these.
        trust: how far the head may be trusted.
        wrong: what the head takes for what.
        vectors: what the embeddings are like; None where there are none.
        unseen: why they could not be looked at; empty where nothing is wrong.
    """

    folder: RunFolder
    found: Facts
    placed: Placed
    shown: tuple[Gallery, ...]
    pictures: Thumbnails
    trust: Trust
    wrong: tuple[Mistake, ...] = ()
    vectors: Vectors | None = None
    unseen: str = ""


def contents(report: Report) -> Html:
    """List the sections as links."""
    links = [
        ("map", "Map"),
        *((("domains", "Domains"), ("galleries", "Galleries")) if report.found.domains else ()),
        ("heldout", "Held-out"),
        *((("mistakes", "Mistakes"),) if report.trust.confusion else ()),
        ("pick", "The pick"),
        *((("vectors", "Vectors"),) if report.vectors or report.unseen else ()),
        ("proof", "Proof"),
        ("record", "Record"),
    ]
    anchors = [tag("a", name, href=f"#{target}") for target, name in links]
    return tag("nav", anchors, aria_label="Sections")


def sections(report: Report) -> list[Html]:
    """Compose all sections; a run without domains has neither their table nor galleries."""
    about_domains = [_domains(report), _galleries(report)] if report.found.domains else []
    return [
        _map(report),
        *about_domains,
        _heldout(report),
        *([_mistakes(report)] if report.trust.confusion else []),
        _pick(report.found),
        *([_vectors(report)] if report.vectors or report.unseen else []),
        _proof(report),
        _record(report),
    ]


def _section(name: str, heading: str, note: Sequence[str], *content: Content) -> Html:
    notes = tag("div", [tag("p", line) for line in note], class_="notes")
    margin = tag("div", tag("h2", heading), notes, class_="margin")
    return tag("section", margin, tag("div", *content, class_="content"), id=name)


def _map(report: Report) -> Html:
    placed = report.placed
    count = len(placed.rows)
    note = [
        (
            "A point is a picture; near points look alike to the network. Distances between far "
            "groups say little."
        ),
        (
            "A picture has the colour of its most stable domain. Choosing domains shows every picture "
            "that belongs to them, whatever its colour."
        ),
    ]
    if placed.pictured < count:
        note.append(
            f"{placed.pictured:,} of {count:,} points carry a picture here, drawn evenly from the "
            "domains; the others are points only."
        )
    if absent := len(report.folder.groups) - count:
        note.append(f"{plural(absent, 'picture has', 'pictures have')} no place on the map.")
    if report.pictures.unread:
        note.append(_unread(report))
    return _section("map", "Map", note, map_frame(count))


def _unread(report: Report) -> str:
    if not report.pictures.sprites and not report.pictures.tiles:
        return "The pictures themselves were not at hand when this page was written."
    count = plural(len(report.pictures.unread), "picture")
    return f"{count} could not be read for this page; a grey box stands for each."


def _domains(report: Report) -> Html:
    looked = any(domain.stability is not None for domain in report.found.domains)
    note = (
        (
            "A domain is a group that comes back when parts of the data are looked at again; "
            "stability says how much of it does, 0 to 1. Its view is the probe where it was found."
        )
        if looked
        else "Its view is the probe that a domain is told by. Nobody looked whether it comes back.",
        (
            "Recall, precision and share ratio are measured on held-out pictures. A share ratio of 2 "
            "means that the head names the domain twice as often as it occurs."
        ),
    )
    return _section(
        "domains", "Domains", note, tables.domain_table(report.found.domains, _faces(report))
    )


def _faces(report: Report) -> dict[int, list[str]]:
    """Give the addresses of a few core pictures of every domain."""
    sprites = report.pictures.sprites
    return {
        ordinal: [
            data_uri(webp(sprites[row], SPRITE_QUALITY)) for row in gallery.faces if row in sprites
        ]
        for ordinal, gallery in enumerate(report.shown)
    }


def _galleries(report: Report) -> Html:
    note = ["The core says what a domain is, the border where it ends."]
    if any(domain.marks for domain in report.found.domains):
        note.append(
            "What marks a domain: δ (Cliff's delta) is the chance that one of its pictures has more "
            "of something than another picture, less the chance that it has less; −1 to +1. A mark "
            "goes with the domain; it need not be its cause."
        )
    if len(report.found.domains) > MOST_GALLERIES:
        note.append(f"The first {MOST_GALLERIES} of {len(report.found.domains):,} domains.")
    articles = [
        gallery_article(gallery, ordinal, report.folder.groups, tiles=report.pictures.tiles)
        for ordinal, gallery in enumerate(report.shown)
    ]
    return _section("galleries", "Galleries", note, articles)


def _heldout(report: Report) -> Html:
    found = report.found
    rows = found.heldout.rows
    if not found.domains or rows is None:
        why = "there is no domain to recognise." if not found.domains else "none is recorded."
        return _section("heldout", "Held-out", (), tag("p", f"No test: {why}", class_="empty"))
    note = (
        f"{plural(rows, 'picture')} the head never saw in training.",
        (
            "Accuracy flatters: where one domain is large, always naming it is often right. Hence the "
            "constant answer beside every figure."
        ),
        *notes(report.trust),
    )
    return _section(
        "heldout", "Held-out", note, tables.heldout_table(found), *trust_parts(report.trust)
    )


def _mistakes(report: Report) -> Html:
    note = (
        "Held-out pictures that the head puts where they do not belong, the surest first.",
        "Some may be right, and the folder wrong: look before you blame the head.",
    )
    return _section(
        "mistakes",
        "Mistakes",
        note,
        confusion(report.trust.confusion, report.found.domains),
        mistake_rows(report.wrong, report.folder.groups, tiles=report.pictures.tiles),
    )


def _pick(found: Facts) -> Html:
    note = (
        "Where the network was probed: the last tensor before it compresses what it knows.",
        "Probes nearer to the picture see how it looks rather than what it shows.",
    )
    return _section(
        "pick",
        "The pick",
        note,
        pick_prose(found.pick, found.probes),
        tables.alternatives_table(found.pick),
    )


def _vectors(report: Report) -> Html:
    if report.vectors is None:
        return _section("vectors", "Vectors", (), tag("p", visible(report.unseen), class_="empty"))
    note = (
        "What the embeddings are like. A channel that never changes says nothing.",
        "Pictures that are there twice count twice; where that matters, leave copies out.",
        "Channels: those that a few pictures excite the most, and those pictures.",
    )
    return _section(
        "vectors",
        "Vectors",
        note,
        *vector_parts(report.vectors, report.folder.groups, tiles=report.pictures.tiles),
    )


def _proof(report: Report) -> Html:
    note = ("Whether the fused model still answers as the backbone did.",)
    if report.folder.proof is None and not report.found.domains:
        nothing = "Without a domain there is no head, so nothing was fused or had to be proven."
        return _section("proof", "Proof", note, tag("p", nothing, class_="empty"))
    return _section("proof", "Proof", note, proof_prose(report.folder.proof))


def _record(report: Report) -> Html:
    run, found = report.folder.run, report.found
    model, seconds = mapping(run.get("model")), mapping(run.get("seconds"))
    total = sum(filter(None, map(number, seconds.values())))
    preprocess = mapping(model.get("preprocess"))
    origin = str(model.get("preprocess_origin") or "not recorded")
    note = [
        "Enough to run it again.",
        *([f"{total:,.0f} seconds in all."] if total else ()),
    ]
    return _section(
        "record",
        "Record",
        note,
        tables.ledger_table(found),
        tables.settings_table(mapping(run.get("settings")), seconds),
        tables.pairs_table(f"Preprocessing (origin: {origin})", preprocess) if preprocess else None,
        tables.pairs_table(
            "Backbone", {key: model[key] for key in ("path", "sha256", "input") if key in model}
        ),
        worked(run),
        tables.pairs_table("Versions", mapping(run.get("versions"))),
        tables.pairs_table(
            "Files of the run",
            {name: about for name, about in _FILES.items() if name in report.folder.files},
        ),
    )
