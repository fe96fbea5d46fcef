"""Commands that hand a model over to those who serve it: lint, package, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onnxprobe.cli.show import as_json
from onnxprobe.cli.types import Json, ModelPath

if TYPE_CHECKING:
    from onnxprobe.package import Packaged

_TARGETS = "bentoml, browser, kserve, litserve, mlflow, mlserver, openvino, plain, triton"
_LINTED = "triton, v2, browser, onnxruntime, opencv, openvino, tensorrt, tract"


def lint(
    model: ModelPath,
    *,
    target: Annotated[
        str, typer.Option("--for", metavar="TARGET", help=f"Who takes it: {_LINTED}.")
    ],
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The config.pbtxt it is served with."),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime", metavar="R", help="What runs inside, e.g. onnxruntime==1.19.  [the newest]"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say what keeps a model from being served, each with the line that mends it; exit 1 if any does."""
    from onnxprobe.lint import LINTINGS
    from onnxprobe.lint import lint as lint_
    from onnxprobe.report.linting import lint_text

    found = lint_(model, LINTINGS[target], config=config, runs_in=runtime)
    typer.echo(as_json([f.to_json() for f in found]) if json else lint_text(found, target))
    if any(finding.level == "error" for finding in found):
        raise typer.Exit(1)


def package(
    fused: Annotated[
        Path | None, typer.Argument(metavar="FUSED", help="A fused .onnx file.")
    ] = None,
    *,
    target: Annotated[
        str, typer.Option("--for", metavar="TARGET", help=f"Who takes it: {_TARGETS}.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="The new folder.")
    ] = None,
    replaces: Annotated[
        Path | None,
        typer.Option(
            "--replaces", metavar="ENTRY", help="What serves today, e.g. model_repository/face."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What servers call it.  [DIR, or ENTRY_heads]"),
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option("--sign", metavar="KEY", help="Sign it with this EC private key, in PEM."),
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Take back what was put there last.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a fused model as a folder that a server, or a person, takes as it is."""
    done = _done(fused, target, out, replaces, name, sign, rollback=rollback)
    for note in done.notes:
        typer.echo(f"onnxprobe: {note}", err=True)
    if json:
        typer.echo(as_json(done.to_json()))
        return
    typer.echo(f"{done.folder}: {'without ' if rollback else ''}{', '.join(done.files)}")
    for command in done.next:
        typer.echo(f"next: {command}")


def _done(
    fused: Path | None,
    target: str,
    out: Path | None,
    replaces: Path | None,
    name: str | None,
    key: Path | None,
    *,
    rollback: bool,
) -> "Packaged":
    from onnxprobe.errors import PackageError
    from onnxprobe.package import PACKAGINGS
    from onnxprobe.package import package as package_
    from onnxprobe.package import replace as replace_
    from onnxprobe.package import rollback as rollback_

    packaging = PACKAGINGS[target]
    if rollback and replaces is not None:
        return rollback_(packaging, replaces)
    if rollback:
        raise PackageError("say what to take it back from with --replaces")
    if fused is None:
        raise PackageError("say which model to package: onnxprobe package FUSED --for … -o …")
    if (out is None) == (replaces is None):
        raise PackageError(
            "say where it goes: a new folder with -o, or what serves today with --replaces"
        )
    if replaces is not None and key is not None:
        raise PackageError(
            "what is put beside others is not signed; sign a folder of its own with -o"
        )
    if replaces is not None:
        return replace_(fused, packaging, replaces, name)
    assert out is not None  # noqa: S101  one of the two is said
    return package_(fused, packaging, out, name, key=key)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that package wrote.")],
    *,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="KEY", help="The public key of who signed it, in PEM."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify that a package is as it was written, and with --key who signed it; nothing is sent anywhere."""
    from onnxprobe.errors import plural
    from onnxprobe.package import verify as verify_

    found = verify_(folder, key)
    if json:
        typer.echo(as_json(found.to_json()))
        return
    whose = f"signed by the owner of {found.by}" if found.by else "not signed"
    if found.signed and not found.by:
        whose = "signed; say whose signature it should be with --key"
    typer.echo(f"{folder}: {plural(found.files, 'file')} as they were packaged; {whose}")
