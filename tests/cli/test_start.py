"""Ctrl-C in the tenth of a second in which the command imports what it needs."""

import os
import signal
import subprocess
import sys

import pytest

COMMAND = "from onnxprobe.cli.start import main; main()"
INTERRUPTING = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(0)\n"


@pytest.fixture
def interrupted(tmp_path):
    """Run the command in a process that interrupts itself while it imports a module."""

    def start(module, *args, before=None):
        (tmp_path / f"{module}.py").write_text(INTERRUPTING + "raise SystemExit(7)\n")
        return subprocess.run(
            [sys.executable, "-c", COMMAND, *args],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=before,
        )

    return start


def test_an_interrupt_before_anything_has_begun_is_one_line(interrupted):
    done = interrupted("typer", "recipes")
    assert (done.returncode, done.stderr) == (130, "onnxprobe: interrupted before it began\n")
    assert done.stdout == ""


def test_where_interrupts_are_ignored_they_stay_so(interrupted):
    done = interrupted("typer", "recipes", before=ignore)
    assert (done.returncode, done.stderr) == (7, "")


def ignore():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_once_a_command_has_begun_an_interrupt_cleans_up(interrupted):
    done = interrupted("onnx", "pick", "x.onnx")
    assert done.returncode == 130
    assert done.stderr.startswith("onnxprobe: interrupted; nothing is half-written")
    assert len(done.stderr.splitlines()) == 1


def test_the_command_that_is_installed_begins_here():
    import tomllib
    from pathlib import Path

    said = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert said["project"]["scripts"] == {"onnxprobe": "onnxprobe.cli.start:main"}
    light = "import sys, onnxprobe.cli.start; sys.exit('typer' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", light], check=False).returncode == 0
