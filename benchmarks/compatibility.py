"""Which runtimes take a fused file, and how near their answers are.

    python benchmarks/compatibility.py [--only onnxruntime-web tract] [--write]

The bundled backbone is fused with a head of every kind, on mean and standard deviation at four depths,
and with one that reads every pooling of maps; ten of the bundled pictures are fed at batches 1, 2 and
7. Old answers are compared with ONNX Runtime's for the backbone, new ones with numpy's. Runtimes are
installed in environments of their own. ``--write`` puts the table into ``docs/compatibility.md``.
"""

import argparse
import platform
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from runtimes.cases import BATCHES, TOLERANCE, Case, compared, read_answers, within, write_cases  # noqa: E402
from runtimes.known import RUNTIMES, Runtime  # noqa: E402

from onnxprobe.atomic import replacing  # noqa: E402

PAGE = ROOT / "docs" / "compatibility.md"
PLACE = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end -->)", re.DOTALL)
HEADER = "| runtime | version | loads | old answers | new answers | verdict |\n|---|---|---|---|---|---|\n"


def measured(runtime: Runtime, cases: Path, known: dict[str, Case], folder: Path) -> str:
    """Return the row of one runtime."""
    missing = runtime.missing()
    if missing:
        return f"| {runtime.name} | | | | | not tried: {missing} |"
    answers = runtime.answers(cases, folder / re.sub(r"\W+", "-", runtime.name))
    version = answers.joinpath("version.txt").read_text().split("-")[0]
    loaded, worst, good = 0, [0.0, 0.0], True
    errors = []
    for name, case in known.items():
        got, error = read_answers(answers / f"{name}.json")
        if error:
            errors.append(error)
            continue
        loaded += 1
        for found in compared(case, got):
            new = found.name not in case.outputs[: case.old]
            worst[new] = max(worst[new], found.relative)
            good &= within(case, found)
    said = errors[0][:80] if errors else "takes it" if good else "answers otherwise"
    far = [f"{w:.1e}" for w in worst] if loaded else ["", ""]
    return (
        f"| {runtime.name} | {version} | {loaded} of {len(known)} | {far[0]} | {far[1]} | {said} |"
    )


def main() -> None:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", default=[], help="names of runtimes")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    options = parser.parse_args()
    chosen = [runtime for runtime in RUNTIMES if runtime.name in options.only or not options.only]
    with tempfile.TemporaryDirectory() as folder:
        cases = Path(folder, "cases")
        known = write_cases(cases)
        rows = []
        for runtime in chosen:
            rows.append(measured(runtime, cases, known, Path(folder, "runtimes")))
            print(rows[-1], flush=True)
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    table = (
        f"{HEADER}{chr(10).join(rows)}\n\n{len(known)} files, batches {', '.join(map(str, BATCHES))}; "
        f"allowed for old answers: {TOLERANCE:g} of the largest. {machine}.\n"
    )
    print(table)
    if options.write:
        with replacing(PAGE) as temporary:
            temporary.write_text(PLACE.sub(lambda _: table, PAGE.read_text()))


if __name__ == "__main__":
    main()
