"""Every runtime that is tried, how it is installed, and what it needs that no package brings.

To add one: write a driver in ``drivers/`` that answers cases (see ``drivers/exchange.py``), and list
it here.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from environments import node_modules, python_of, venv

DRIVERS: Final = Path(__file__).parent / "drivers"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
Command = list[str]
"""What answers cases; the folders of cases and of answers are put after the second word."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that may answer cases.

    Attributes:
        name: what it is called in tests and in the table.
        command: installs it in a folder and returns what to say.
        missing: what it needs and this machine does not have; empty where nothing is missing.
    """

    name: str
    command: Callable[[Path], Command]
    missing: Callable[[], str] = lambda: ""

    def answers(self, cases: Path, folder: Path) -> Path:
        """Install it below ``folder``, run it on all ``cases``, return the folder of its answers."""
        program, script, *more = self.command(folder / "environment")
        out = folder / "answers"
        out.mkdir(parents=True)
        said = [program, script, str(cases), str(out), *more]
        done = subprocess.run(said, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return out


def installed(driver: str) -> Callable[[Path], Command]:
    """Run ``driver`` with the Python of the tests."""
    return lambda _: [sys.executable, str(DRIVERS / driver)]


def packages(driver: str, *names: str, python: str = "") -> Callable[[Path], Command]:
    """Run ``driver`` in a virtual environment with the packages ``names``."""

    def command(folder: Path) -> Command:
        interpreter = (python_of(python) if python else None) or sys.executable
        return [str(venv(folder, names, interpreter)), str(DRIVERS / driver)]

    return command


def _node(folder: Path) -> Command:
    modules = node_modules(folder, ["onnxruntime-node@1.30.0"])
    return ["node", str(DRIVERS / "node.mjs"), str(modules)]


def _browser(folder: Path) -> Command:
    modules = node_modules(folder, ["onnxruntime-web@1.30.0"])
    chromium = next(filter(None, map(shutil.which, BROWSERS)))
    return [sys.executable, str(DRIVERS / "browser.py"), str(modules), chromium]


def _needs(*wanted: tuple[str, ...]) -> Callable[[], str]:
    """Say which of ``wanted``, each one program under several names, is not there."""

    def missing() -> str:
        absent = [names[0] for names in wanted if not any(map(shutil.which, names))]
        return f"no {' and no '.join(absent)} on PATH" if absent else ""

    return missing


def _needs_python(version: str) -> Callable[[], str]:
    return lambda: "" if python_of(version) else f"no Python {version}, which its wheels are for"


RUNTIMES: Final = (
    Runtime("onnxruntime", installed("onnxruntime_.py")),
    Runtime(
        "onnxruntime 1.16.3",
        packages("onnxruntime_.py", "onnxruntime==1.16.3", "numpy<2", python="3.11"),
        _needs_python("3.11"),
    ),
    Runtime("onnx.reference, converted to opset 17", installed("reference.py")),
    Runtime("OpenCV dnn", installed("opencv.py")),
    Runtime("OpenVINO", packages("openvino_.py", "openvino==2026.4.1")),
    Runtime("tract", packages("tract_.py", "tract==0.23.9", "numpy")),
    Runtime("onnxruntime-node", _node, _needs(("node",), ("npm",))),
    Runtime("onnxruntime-web", _browser, _needs(("npm",), BROWSERS)),
)
