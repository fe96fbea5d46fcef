"""Commands for what a run has found: domains, describe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onnxprobe.cli.types import Json, RunFolder

if TYPE_CHECKING:
    from onnxprobe.progress import Progress


def domains(
    run: RunFolder,
    action: Annotated[
        str | None,
        typer.Argument(
            metavar="[EDIT]",
            help="rename, merge, split, drop, keep, undo or apply; lists them if left out.",
        ),
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOMAIN]…", help="Domains, each by its name or its id."),
    ] = None,
    *,
    called: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="What is new is called; once for each part."),
    ] = None,
    into: Annotated[
        int | None, typer.Option("--into", metavar="N", help="Parts that a domain is split into.")
    ] = None,
    json: Json = False,
) -> None:
    """List the domains of a run, or change them: heads are trained again, fused and proven.

    rename DOMAIN NAME · merge DOMAIN DOMAIN… [--as NAME] · split DOMAIN [--into N] [--as NAME]… ·
    drop DOMAIN… · keep DOMAIN… · undo · apply (what domains.yaml says, after an edit by hand)
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.recipe.editing import Domains, edit
    from onnxprobe.report.domains import domains_table

    if action is None:
        show(Domains.read(run).folder.run, domains_table, lambda f: f["domains"], json=json)
        return
    with bars() as progress:
        edit(run, action, words or (), called=called or (), into=into, progress=progress)
        facts = told_again(run, progress=progress)
    show(facts, domains_table, lambda f: f["domains"], json=json)


def describe(
    run: RunFolder,
    *,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="CSV", help="Columns of yours; one names the pictures."),
    ] = None,
    json: Json = False,
) -> None:
    """Say what marks each domain: size, brightness, blur, camera, folder, your labels, channels."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.report.domains import domains_table

    with bars() as progress:
        facts = told_again(run, labels=labels, progress=progress)
    show(facts, domains_table, lambda f: f["domains"], json=json)


def told_again(run: Path, *, labels: Path | None = None, progress: "Progress") -> dict[str, Any]:
    """Say anew what marks the domains, and write the report; return what ``run.json`` says."""
    from onnxprobe.describe import describe as describe_
    from onnxprobe.errors import PicturesError
    from onnxprobe.images import open_source
    from onnxprobe.recipe.running import earlier
    from onnxprobe.report.html import write_report

    started = earlier(run)
    try:
        source = open_source(started.images) if started else None
    except PicturesError as error:
        source = None
        typer.echo(f"onnxprobe: the report shows no pictures: {error}", err=True)
    facts = describe_(run, source, labels=labels, progress=progress)
    write_report(run, source, progress=progress)
    return facts
