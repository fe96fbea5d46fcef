"""The command line. Heavy imports wait inside the commands, so ``--help`` is instant."""

import errno
import gc
import re
import signal
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NoReturn

import typer

from onnxprobe.cli import (
    casting,
    checking,
    curating,
    embedding,
    mending,
    packaging,
    pictures,
    ranking,
    replaying,
    stores,
    surgery,
    tapping,
)
from onnxprobe.cli.here import require_apart, require_here
from onnxprobe.cli.interrupts import INTERRUPTED, begun
from onnxprobe.errors import OnnxprobeError

_ROUNDS: Final = (1_000_000, 20, 100)
"""When to look for garbage: rarely, as a graph is a million objects and none of them is."""
_ANALYSIS: Final = frozenset(
    {
        "cv2",
        "faiss",
        "graspologic_native",
        "h5py",
        "openTSNE",
        "pyarrow",
        "scipy",
        "sklearn",
        "yaml",
    }
)
"""Modules of the extra ``recipes``, which surgery does without."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What writing says of a full disk, without the name of the file."""
_TEMPORARY: Final = re.compile(r"\.([^/]+)\.\d+\.tmp(/.*)?$")
"""What is written before it takes its place, and what is inside."""
_EXAMPLES: Final[dict[Callable[..., Any], str]] = {
    surgery.inspect: "onnxprobe inspect backbone.onnx",
    surgery.pick: "onnxprobe pick backbone.onnx",
    surgery.probe: "onnxprobe probe backbone.onnx --tensor relu5 --pooling mean -o probed.onnx",
    surgery.split: "onnxprobe split backbone.onnx --at relu5 -o halves/",
    surgery.extract: "onnxprobe extract backbone.onnx --inputs image --outputs relu5 -o trunk.onnx",
    surgery.stitch: "onnxprobe stitch backbone.onnx head.onnx --tensor relu5 --pooling mean -o fused.onnx",
    checking.check: "onnxprobe check backbone.onnx fused.onnx",
    mending.heads: "onnxprobe heads fused.onnx",
    mending.unstitch: "onnxprobe unstitch fused.onnx --head domain -o backbone.onnx",
    mending.batch: "onnxprobe batch backbone.onnx -o dynamic.onnx",
    mending.repair: "onnxprobe repair backbone.onnx -o repaired.onnx",
    ranking.rank: "onnxprobe rank backbone.onnx photos/ --labels labels.csv",
    pictures.embed: "onnxprobe embed backbone.onnx photos/ -o store.h5",
    stores.store: "onnxprobe store store.h5",
    stores.export: "onnxprobe export store.h5 --to parquet -o vectors.parquet",
    pictures.run_recipe: "onnxprobe run-recipe domains --model backbone.onnx --images photos/ --out run/",
    pictures.label: "onnxprobe label run/fused.onnx photos/ -o labels.parquet",
    packaging.lint: "onnxprobe lint run/fused.onnx --for triton --config model_repository/face/config.pbtxt",
    packaging.package: "onnxprobe package run/fused.onnx --for plain -o package/",
    replaying.replay: "onnxprobe replay requests.har --old http://127.0.0.1:8000 --new http://127.0.0.1:9000",
    curating.describe: "onnxprobe describe run/ --labels labels.csv",
    curating.select: "onnxprobe select run/ diverse --in flags --count 50 -o flags.txt",
    curating.compare: "onnxprobe compare run/ other-run/ --html compared.html",
    curating.domains: 'onnxprobe domains run/ rename 3 "street signs"',
    embedding.embed_preprocess: "onnxprobe embed-preprocess run/fused.onnx -o run/from-pixels.onnx",
    tapping.taps: "onnxprobe taps backbone.onnx",
    casting.cast: "onnxprobe cast run/fused.onnx --precision fp16 -o run/fused.fp16.onnx",
    packaging.verify: "onnxprobe verify package/ --key key.pub",
    pictures.recipes: "onnxprobe recipes",
}


class _InterruptedByUser(Exception):  # noqa: N818
    """Ctrl-C or SIGTERM."""


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def about() -> None:
    """See what a vision network has learned, and ship it back inside the same ONNX file."""


def _stoppable(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C out of ``command`` as an error of ours, before typer makes it "Aborted!".

    Nor does it get URLs for paths, or what it reads for what it writes.
    """

    @wraps(command)
    def stopped(*args: Any, **options: Any) -> None:
        require_here((*args, *options.values()))
        require_apart(options)
        try:
            begun()
            command(*args, **options)
        except KeyboardInterrupt:
            raise _InterruptedByUser from None
        except OSError as error:
            if error.errno in _FULL and error.filename is None and options.get("out") is not None:
                error.filename = str(options["out"])
            raise

    return stopped


for _command, _example in _EXAMPLES.items():
    _name = _command.__name__.replace("_", "-")
    app.command(_name, epilog=f"Example: {_example}")(_stoppable(_command))


def main() -> None:
    """Run the app; a user's mistake is one line on stderr and exit code 1."""
    gc.set_threshold(*_ROUNDS)
    signal.signal(signal.SIGTERM, _terminated)
    warnings.showwarning = _warned  # type: ignore[assignment]  # called by position
    try:
        app()
    except OnnxprobeError as error:
        _stop(str(error), 1)
    except _InterruptedByUser:
        _stop(
            "interrupted; nothing is half-written, embed, label and run-recipe go on where they stopped",
            INTERRUPTED,
        )
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _ANALYSIS:
            raise
        needs = f"this needs {package!r}, which is not installed"
        _stop(f"{needs}; install it with: pip install 'onnxprobe[cpu]' (or [gpu])", 1)
    except MemoryError:
        _stop(
            "this needs more memory than there is; try fewer --threads or a smaller --batch where the "
            "command has them; what embed, label and run-recipe have written is kept",
            1,
        )
    except FileExistsError as error:
        _stop(f"{error.filename!r} is in the way: it is no folder", 1)
    except OSError as error:
        asked = _TEMPORARY.sub(r"\1", str(error.filename or ""))
        _stop(f"{error.strerror or error}{f': {asked!r}' if asked else ''}", 1)


def _warned(message: Warning | str, *_where: object) -> None:
    """Show a warning as one line, without the place in our code that it comes from."""
    typer.echo(f"onnxprobe: {' '.join(str(message).split())}", err=True)


def _terminated(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"onnxprobe: {' '.join(message.split())}", err=True)
    sys.exit(code)
