"""Commands that run a model over pictures: embed, label, run-recipe, recipes."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import (
    Address,
    Batch,
    DeviceName,
    EngineName,
    Images,
    Json,
    ModelPath,
    Out,
    Pooling,
    Precision,
    PreprocessFile,
    Tensor,
    Threads,
    Timeout,
    Workers,
)

Sample = Annotated[
    str | None,
    typer.Option(
        "--sample", metavar="S", help="A share such as 0.02, or a count; all pictures if left out."
    ),
]


def embed(
    model: ModelPath,
    images: Images,
    out: Out,
    *,
    tensor: Tensor = None,
    pooling: Pooling = None,
    probe: Annotated[
        list[str] | None,
        typer.Option(
            "--probe", metavar="T:P", help="Tensor and pooling; may be given several times."
        ),
    ] = None,
    sample: Sample = None,
    preprocess: PreprocessFile = None,
    batch: Batch = None,
    threads: Threads = None,
    device: DeviceName = None,
    precision: Precision = None,
    engine: EngineName = None,
    address: Address = None,
    workers: Workers = None,
    timeout: Timeout = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            "--max-pixels", metavar="N", min=1, help="Refuse larger pictures.  [134217728]"
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option("--dtype", metavar="T", help="Of stored vectors: float32 or float16.")
    ] = "float32",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try pictures again that have no embedding.")
    ] = False,
    join: Annotated[
        bool, typer.Option("--join", help="Share the work with other processes that say so too.")
    ] = False,
) -> None:
    """Embed pictures at one probe or several into an HDF5 store; the same command again goes on where it stopped."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.reading import patience, preprocess_of, sample_of
    from onnxprobe.cli.taps import taps_of
    from onnxprobe.devices import devices_of
    from onnxprobe.embed import embed as embed_
    from onnxprobe.embed.engines import engine_of
    from onnxprobe.graph.load import load
    from onnxprobe.images import FAILED, MAX_PIXELS, open_source, preprocess_for
    from onnxprobe.measure import measured
    from onnxprobe.report.pictures import account_text, store_text
    from onnxprobe.store.account import Account

    backbone = measured(load(model))
    taps = taps_of(backbone, probe or [], tensor, pooling)
    prepared, origin = preprocess_for(backbone, preprocess_of(preprocess))
    accounts: list[Account] = []
    with bars() as progress:
        store = embed_(
            backbone,
            taps,
            open_source(images, patience=patience(timeout)),
            out,
            preprocess=prepared,
            sample=sample_of(sample),
            batch=batch,
            threads=threads,
            max_pixels=max_pixels or MAX_PIXELS,
            dtype=dtype,
            retry=FAILED if retry_failed else (),
            join=join,
            devices=devices_of(device or "cpu", precision or "float32"),
            engine=engine_of(engine, address=address, workers=workers),
            progress=progress,
            account=accounts.append,
        )
    typer.echo(store_text(store, prepared, origin))
    for account in accounts:
        typer.echo(account_text(account))


def label(
    fused: Annotated[Path, typer.Argument(metavar="FUSED", help="A fused .onnx file.")],
    images: Images,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="OUT", help="The file to write, .parquet or .h5."),
    ],
    *,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="PART",
            help="Look for drift between parts: folder, TABLE:COLUMN or TABLE:COLUMN:month.",
        ),
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option(
            "--expected",
            metavar="RUN_JSON",
            help="Expected shares, where the fused file does not tell them.",
        ),
    ] = None,
    confidence: Annotated[
        float,
        typer.Option(
            "--confidence", metavar="C", help="That a share leaves its interval by chance: 1 - C."
        ),
    ] = 0.95,
    preprocess: PreprocessFile = None,
    batch: Batch = None,
    threads: Threads = None,
    device: DeviceName = None,
    precision: Precision = None,
    engine: EngineName = None,
    address: Address = None,
    workers: Workers = None,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Run a fused model over pictures, write what its heads say, and compare it with the sample."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.reading import patience, preprocess_of
    from onnxprobe.cli.show import show
    from onnxprobe.devices import devices_of
    from onnxprobe.embed.engines import engine_of
    from onnxprobe.graph.load import load
    from onnxprobe.images import open_source, preprocess_for
    from onnxprobe.label import label as label_
    from onnxprobe.report.labels import labels_json, labels_text, warnings_of
    from onnxprobe.report.pictures import account_text
    from onnxprobe.store.account import Account

    model = load(fused)
    prepared, origin = preprocess_for(model, preprocess_of(preprocess))
    accounts: list[Account] = []
    with bars() as progress:
        found = label_(
            model,
            open_source(images, patience=patience(timeout)),
            out,
            preprocess=prepared,
            by=by,
            expected=expected,
            confidence=confidence,
            batch=batch,
            threads=threads,
            devices=devices_of(device or "cpu", precision or "float32"),
            engine=engine_of(engine, address=address, workers=workers),
            progress=progress,
            account=accounts.append,
        )
    show(found, lambda labels: labels_text(labels, out, origin), labels_json, json=json)
    for account in accounts:
        typer.echo(account_text(account), err=True)
    for warning in warnings_of(found):
        typer.echo(f"onnxprobe: {warning}", err=True)


def run_recipe(
    recipe: Annotated[
        str | None, typer.Argument(metavar="RECIPE", help="See: onnxprobe recipes.")
    ] = None,
    *,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", metavar="MODEL", help="The backbone, an .onnx file."),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            "--images",
            "-i",
            metavar="IMAGES",
            help="A folder, a pattern, a list, an archive, or a URL.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the run.")],
    sample: Sample = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="STEP.PARAM=VALUE", help="Change a setting."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="TOML", help="A file of settings.")
    ] = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            "--group-by",
            metavar="CSV:COLUMN",
            help="Keep pictures of one person, film or original together when some are held out; "
            "or: folder.",
        ),
    ] = None,
    device: DeviceName = None,
    precision: Precision = None,
    workers: Workers = None,
    preprocess: PreprocessFile = None,
    timeout: Timeout = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that is in --out.")
    ] = False,
    json: Json = False,
) -> None:
    """Embed, find domains, train heads, fuse, prove, report: the whole analysis."""
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.reading import asked, patience, sample_of
    from onnxprobe.cli.show import show
    from onnxprobe.describe import describe
    from onnxprobe.images import open_source
    from onnxprobe.recipe.forecast import Forecast
    from onnxprobe.recipe.running import run
    from onnxprobe.report.forecast import forecast_text, forecast_warning
    from onnxprobe.report.html import write_report
    from onnxprobe.report.summary import summary

    name, configured, job = asked(
        recipe,
        model,
        images,
        out,
        {
            "embedding.sample": sample_of(sample),
            "embedding.device": device,
            "embedding.precision": precision,
            "split.group_by": group_by,
        },
        change or [],
        config,
        preprocess,
        workers=workers,
        resume=resume,
    )

    def foretold(forecast: Forecast) -> None:
        typer.echo(forecast_text(forecast), err=True)
        if warning := forecast_warning(forecast):
            typer.echo(f"onnxprobe: {warning}", err=True)

    source = open_source(job.images, patience=patience(timeout))
    with bars() as progress:
        run(configured, name, job, source, progress=progress, foretold=foretold)
        facts = describe(job.out, source, progress=progress)
        write_report(job.out, source, progress=progress)
    show(facts, lambda run: summary(run, job.out), dict, json=json)


def recipes(*, json: Json = False) -> None:
    """List the recipes and their settings."""
    from onnxprobe.cli.show import show
    from onnxprobe.recipe.listing import every
    from onnxprobe.report.recipes import recipes_json, recipes_table

    show(every(), recipes_table, recipes_json, json=json)
