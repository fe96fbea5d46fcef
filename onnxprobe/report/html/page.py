"""The report of a run: one HTML file that needs nothing beside it."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

import numpy as np

from onnxprobe.atomic import replacing
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe.folder import Groups, RunFolder
from onnxprobe.report.facts import DomainFacts, Facts
from onnxprobe.report.html import palette
from onnxprobe.report.html.gallery import galleries
from onnxprobe.report.html.map import map_data, place
from onnxprobe.report.html.markup import markup, script_json, tag
from onnxprobe.report.html.masthead import masthead, title
from onnxprobe.report.html.mistakes import mistakes
from onnxprobe.report.html.sections import Report, contents, sections
from onnxprobe.report.html.thumbnails import Source, shrink
from onnxprobe.report.html.vectors import vectors_of
from onnxprobe.report.reading import mapping, number
from onnxprobe.report.trust import Trust

SEED: Final = 0
_ASSETS: Final = files("onnxprobe.report.html") / "assets"
_SCRIPTS: Final = (
    "points.js",
    "card.js",
    "map.js",
    "input.js",
    "legend.js",
    "table.js",
    "start.js",
)


def write_report(
    run_folder: Path,
    source: Source | None,
    out: Path | None = None,
    *,
    progress: Progress = silent,
) -> Path:
    """Write the report of a run as one self-contained HTML file.

    It reads ``run.json``, ``groups.parquet``, ``proof.json`` and ``embeddings.h5`` (the last two
    if there) of the folder, and the pictures it shows from ``source``. A picture that cannot be read is a placeholder, and the page
    counts them. The same run gives the same bytes.

    Args:
        run_folder: the folder given to ``run-recipe`` as ``--out``.
        source: where the pictures are; None writes the page without them.
        out: the file to write; ``report.html`` in the run folder if not given.
        progress: told how many pictures are done.

    Returns:
        The file written.

    Raises:
        StoreError: If the folder is not a finished run, or a file in it is broken.
    """
    report = gather(
        RunFolder.read(Path(run_folder)),
        source,
        store=Path(run_folder, "embeddings.h5"),
        progress=progress,
    )
    out = Path(run_folder) / "report.html" if out is None else Path(out)
    with replacing(out) as temporary:
        temporary.write_text(page(report), "utf-8")
    return out


def gather(
    folder: RunFolder,
    source: Source | None,
    *,
    store: Path | None = None,
    progress: Progress = silent,
) -> Report:
    """Choose what the page shows, and read and shrink its pictures; look at ``store``, if any."""
    groups = folder.groups
    found = with_every_domain(Facts.of(folder.run), groups)
    placed = place(groups, seed=SEED)
    shown = galleries(groups, found.domains, seed=SEED)
    faces = [row for gallery in shown for row in gallery.faces]
    sprites = {*placed.rows[: placed.pictured].tolist(), *faces}
    trust = Trust.of(mapping(folder.run.get("heldout")))
    wrong = mistakes(groups, found.domains) if trust.confusion else ()
    tiles = [row for gallery in shown for row in gallery.rows]
    tiles += [row for mistake in wrong for row in mistake.rows]
    taken = sum(int(number(count) or 0) for count in mapping(folder.run.get("counts")).values())
    vectors, why = vectors_of(store, groups, taken) if store else (None, "")
    tiles += vectors.rows if vectors else ()
    pictures = shrink(
        source,
        {row: groups.path[row] for row in sprites.union(tiles)},
        sprites=sprites,
        tiles=tiles,
        progress=progress,
    )
    return Report(folder, found, placed, shown, pictures, trust, wrong, vectors, why)


def page(report: Report) -> str:
    """Compose the page.

    Its security policy lets nothing run but the one script whose digest it names, and nothing load
    from anywhere: what a file name might smuggle in would not run even if it were not escaped.
    """
    groups, found = report.folder.groups, report.found
    script = "\n".join((_ASSETS / name).read_text("utf-8") for name in _SCRIPTS)
    body = (
        palette.symbols(),
        masthead(found, report.folder.proof, pictures=len(groups), covered=groups.covered),
        contents(report),
        tag("main", sections(report)),
    )
    return Template((_ASSETS / "page.html").read_text("utf-8")).substitute(
        title=markup(title(found, len(groups))),
        digest=b64encode(sha256(script.encode()).digest()).decode(),
        style=palette.style() + (_ASSETS / "page.css").read_text("utf-8"),
        body=markup(body),
        data=script_json(map_data(groups, report.placed, found.domains, report.pictures.sprites)),
        script=script,
    )


def with_every_domain(found: Facts, groups: Groups) -> Facts:
    """Add the ids that pictures carry but ``run.json`` does not describe."""
    carried = np.unique(np.concatenate([groups.domains.ids, groups.predicted.ids, groups.domain]))
    known = {domain.id for domain in found.domains}
    extra = [
        DomainFacts(int(id_), f"domain {id_}") for id_ in carried if id_ >= 0 and id_ not in known
    ]
    return replace(found, domains=(*found.domains, *extra))
