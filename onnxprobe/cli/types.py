"""The arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ModelPath = Annotated[Path, typer.Argument(metavar="MODEL", help="An .onnx file.")]
Images = Annotated[
    str,
    typer.Argument(
        metavar="IMAGES",
        help="A folder, a pattern, a list, a .tar, .zip, .parquet, .h5 or .npy, or a URL.",
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="The file to write.")]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="The folder given to run-recipe as --out.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Tensor = Annotated[
    str | None,
    typer.Option("--tensor", "-t", metavar="T", help="Tensor to tap; the pick if left out."),
]
Pooling = Annotated[
    str | None,
    typer.Option(
        "--pooling",
        "-p",
        metavar="P",
        help="mean, std, max, gem, center, flatten, cls, token-mean or token-std.",
    ),
]
Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        metavar="WAY",
        help="A file of weights beside the model: link, copy or reference.",
    ),
]
PreprocessFile = Annotated[
    str | None,
    typer.Option(
        "--preprocess",
        metavar="JSON",
        help="How pictures are prepared: JSON, or a file that holds it.",
    ),
]
Batch = Annotated[
    int | None,
    typer.Option(
        "--batch",
        metavar="N",
        min=1,
        help="Pictures per run of the model.  [8, or what the model fixes]",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", min=1, help="Runs at once, a core each.  [all cores]"),
]
DeviceName = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="D",
        help="cpu, cuda:N or tensorrt:N; with commas for several, a process each.  [cpu]",
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision", metavar="P", help="The network computes in float32 or float16.  [float32]"
    ),
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", metavar="E", help="Who does the work: local or ray.  [local]"),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address", metavar="A", help="Of a Ray cluster; one is started here if left out."
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="How long to wait for a server's answer, three times.  [30]",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Processes.  [as many as pay; of Ray: a core each]"
    ),
]
