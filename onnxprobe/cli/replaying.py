"""The command that asks two servers the same: replay."""

from pathlib import Path
from typing import Annotated

import typer

from onnxprobe.cli.types import Json


def replay(
    recording: Annotated[
        Path, typer.Argument(metavar="RECORDING", help="Requests: a HAR file, or JSON lines.")
    ],
    old: Annotated[str, typer.Option("--old", metavar="URL", help="The server that callers know.")],
    new: Annotated[
        str, typer.Option("--new", metavar="URL", help="The server that is to replace it.")
    ],
    *,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="S", min=0.1, help="Seconds an answer may take.")
    ] = 30.0,
    json: Json = False,
) -> None:
    """Send an old client's requests to two servers: exit 0 if every answer is the same, 1 if not.

    The same: status, content type and every byte, but for the value of model_version and an id
    that the client did not give.
    """
    from onnxprobe.cli.bars import bars
    from onnxprobe.cli.show import show
    from onnxprobe.replay import Replay, read_recording
    from onnxprobe.replay import replay as replay_
    from onnxprobe.report.replay import replay_table

    requests = read_recording(recording)
    with bars() as progress:
        found = replay_(requests, old=old, new=new, timeout=timeout, progress=progress)
    show(found, replay_table, Replay.to_json, json=json)
    if not found.kept:
        raise typer.Exit(1)
