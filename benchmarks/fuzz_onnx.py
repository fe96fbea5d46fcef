"""Break files in ten thousand ways, and see that nothing but a clear message comes of it.

    python benchmarks/fuzz_onnx.py [--count 10000] [--first 0] [--models 0 1 2 3 4 5]

Six small models that use every part of the format (``fuzz_seeds.py``) are mutated, in bytes and in
what they say (``mutations.py``), and each file goes through everything that reads graphs: load,
inspect, pick, cuts, constants, extract, split, stitch, expose, lint, repair, diff, save. Allowed are a result and
an ``OnnxprobeError``. Not allowed: any other exception, a warning, a message that holds a control
character, a death of the process, more than 5 s, more than 1 GB. Failures are printed with the seed
that repeats them, one for each place in the code, and counted; the exit code is 1 if there are any.

Work is done in a child process that is started again after a death.
"""

import argparse
import collections
import io
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import onnx
from fuzz_seeds import seeds
from mutations import mutated
from rich.console import Console, RenderableType

from onnxprobe.contract import compare
from onnxprobe.errors import OnnxprobeError
from onnxprobe.graph.cuts import cuts
from onnxprobe.graph.expose import expose
from onnxprobe.graph.extract import extract
from onnxprobe.graph.inspect import inspect
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.pick import pick
from onnxprobe.graph.save import save
from onnxprobe.graph.split import split
from onnxprobe.graph.stitch import Graft, stitch
from onnxprobe.lint import LINTINGS, findings
from onnxprobe.repair import repair
from onnxprobe.report.layers import inspection
from onnxprobe.report.linting import lint_text
from onnxprobe.triton.config import config

SECONDS = 5.0
CONFIG = """
backend: "onnxruntime" max_batch_size: 8
input [{ name: "image" data_type: TYPE_FP32 dims: [ 3, -1, 8 ] }]
output [{ name: "answer" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [] } }]
optimization { execution_accelerators { gpu_execution_accelerator [{ name: "tensorrt" }] } }
"""
"""For ``lint``: what a server declares of a model."""
MEGABYTES = 1000
Failure = dict[str, Any]


def _quiet(_sentence: str) -> None:
    """Say nothing of weights that are linked."""


class TookTooLongError(BaseException):
    """Raised by the alarm; not an Exception, so that nothing swallows it."""


def operations(model: Model, folder: Path) -> dict[str, Callable[[], object]]:
    """Return everything that is tried on a model that loads."""
    names = [name for node in model.nodes for name in node.writes]
    middle, last = names[len(names) // 2] if names else "none", names[-1] if names else "none"
    return {
        "repr": lambda: repr(model),
        "inspect": lambda: inspect(model).to_json(),
        "table": lambda: _visible(inspection(inspect(model, name="\x1bbroken.onnx"))),
        "pick": lambda: pick(model),
        "cuts": lambda: cuts(model),
        "constants": lambda: _each(model.constant, model.constants),
        "extract": lambda: extract(model, model.inputs, [last]),
        "split": lambda: stitch(*split(model, middle)),
        "stitch": lambda: stitch(
            model, Graft(model, dict.fromkeys(model.inputs, middle), prefix="again/")
        ),
        "expose": lambda: expose(model, [middle]),
        "lint": lambda: _each_said(_linted(model, name) for name in LINTINGS),
        "repair": lambda: _each_said(map(str, repair(model).findings)),
        "diff": lambda: [str(d) for d in compare(model, model)],
        "save": lambda: save(model, folder / "out" / "saved.onnx", say=_quiet),
        "save what was cut": lambda: save(
            split(model, middle).trunk, folder / "out" / "cut.onnx", say=_quiet
        ),
    }


def _linted(model: Model, name: str) -> str:
    """Lint for one server, with a configuration and without."""
    linting, said = LINTINGS[name], config(CONFIG)
    found = (*findings(model, linting), *findings(model, linting, config=said))
    return lint_text(found, name)


def _each_said(lines: Iterable[str]) -> None:
    for line in lines:
        if not line.replace("\n", "").isprintable():
            raise ValueError(f"a line holds a control character: {line!r}"[:200])


def _visible(drawing: RenderableType) -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=False)
    console.print(drawing)
    drawn = console.file.getvalue()
    if not drawn.replace("\n", "").isprintable():
        raise ValueError(f"the table holds a control character: {drawn!r}"[:200])


def _each(read: Callable[[str], object], names: frozenset[str]) -> None:
    refused = []
    for name in sorted(names):
        try:
            read(name)
        except OnnxprobeError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def trial(data: bytes, folder: Path) -> tuple[bool, list[Failure]]:
    """Put one file through everything; return whether it loads, and what must not have happened."""
    path = folder / "broken.onnx"
    path.write_bytes(data)
    failures = []
    model, failure = attempt("load", lambda: load(path))
    if failure:
        failures.append(failure)
    if not isinstance(model, Model):
        return False, failures
    for name, operation in operations(model, folder).items():
        _, failure = attempt(name, operation)
        if failure:
            failures.append(failure)
    for left in (folder / "out").glob("*"):
        left.unlink()
    return True, failures


def attempt(name: str, operation: Callable[[], Any]) -> tuple[Any, Failure | None]:
    """Run one operation against the clock."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        result = operation()
    except OnnxprobeError as error:
        shown = str(error)
        if shown.isprintable():
            return None, None
        return None, {
            "operation": name,
            "error": f"unprintable: {shown!r}"[:200],
            "place": type(error).__name__,
        }
    except (Exception, TookTooLongError, RecursionError) as error:  # noqa: BLE001  what is looked for
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "onnxprobe" in f.filename]
        place = (
            f"{frames[-1].filename.rpartition('onnxprobe/')[2]}:{frames[-1].lineno}"
            if frames
            else "?"
        )
        said = f"{type(error).__name__}: {str(error)!r}"[:200]
        return None, {"operation": name, "error": said, "place": place}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return result, None


def playground(folder: Path) -> list[onnx.ModelProto]:
    """Lay out a folder with what hostile paths may lead to; return the models."""
    inner = folder / "inner"
    inner.mkdir()
    (folder / "secret").write_bytes(b"secret" * 1000)
    (inner / "link").symlink_to(folder / "secret")
    (inner / "loop").symlink_to(inner / "loop")
    os.mkfifo(inner / "pipe")
    return seeds(inner)


def child(numbers: range, models: list[int]) -> None:
    """Try seeds one after the other; print one line of JSON before and after each."""

    def alarm(_signal: int, _frame: object) -> NoReturn:
        raise TookTooLongError

    signal.signal(signal.SIGALRM, alarm)
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        protos = playground(folder)
        for number in numbers:
            print(json.dumps({"began": number}), flush=True)
            data, done = mutated(protos[models[number % len(models)]], number)
            loads, failures = trial(data, folder / "inner")
            for failure in failures:
                failure |= {"seed": number, "done": done}
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps({"loads": loads, "failures": failures, "peak": peak}), flush=True)


def lines(first: int, last: int, models: list[int]) -> Iterator[dict[str, Any]]:
    """Run a child over a range of seeds, a new one after each death."""
    while first < last:
        arguments = [
            sys.executable,
            __file__,
            "--child",
            str(first),
            str(last),
            "--models",
            *map(str, models),
        ]
        began = first
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # noqa: S101  it is a pipe
            for line in process.stdout:
                said = json.loads(line)
                began = said.get("began", began)
                yield said
        if process.returncode == 0:
            return
        death = {
            "operation": "?",
            "error": f"the process ended with {process.returncode}",
            "place": "death",
        }
        yield {"loads": False, "peak": 0.0, "failures": [death | {"seed": began, "done": "?"}]}
        first = began + 1


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--models", type=int, nargs="+", default=list(range(6)))
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(range(*options.child), options.models)
        return 0
    began, loaded, peak, tried = time.perf_counter(), 0, 0.0, 0
    places: dict[tuple[str, str], list[Failure]] = collections.defaultdict(list)
    for said in lines(options.first, options.first + options.count, options.models):
        if "began" in said:
            continue
        tried += 1
        loaded, peak = loaded + said["loads"], max(peak, said["peak"])
        for failure in said["failures"]:
            places[failure["place"], failure["error"][:40]].append(failure)
    for (place, _), found in sorted(places.items()):
        one = found[0]
        print(
            f"{len(found)} x {place} in {one['operation']}, seed {one['seed']} ({one['done']}): {one['error']}"
        )
    print(
        f"{tried} files, {loaded} of them load; {sum(map(len, places.values()))} failures in {len(places)} "
        f"places; peak {peak:.0f} MB; {time.perf_counter() - began:.0f} s; onnx {onnx.__version__}, "
        f"Python {platform.python_version()}"
    )
    return 1 if places or peak > MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
