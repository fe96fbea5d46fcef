"""Environments of their own for what the tests run beside us: packages, nothing else, in a folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path


@cache
def python_of(version: str) -> str | None:
    """Return a Python of that version, such as ``"3.11"``: the running one, or one on PATH."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    # a launcher may stand on PATH for a version that is not installed
    works = subprocess.run([found, "-c", "import venv"], capture_output=True, check=False)
    return found if works.returncode == 0 else None


def venv(folder: Path, packages: Sequence[str], python: str = sys.executable) -> Path:
    """Make a virtual environment with ``packages``; return its Python."""
    made = folder / "bin" / "python"
    if not made.exists():
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(made), "--disable-pip-version-check"]
    _quietly([*pip, "install", "--quiet", *packages])
    return made


def node_modules(folder: Path, packages: Sequence[str]) -> Path:
    """Install npm packages without running their scripts; return the folder they lie in."""
    folder.mkdir(parents=True, exist_ok=True)
    said = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    _quietly(["npm", "install", *said, *packages])
    return folder / "node_modules"


def _quietly(command: Sequence[str]) -> None:
    # compiled once here, rather than at every start of a server
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
