"""Starting a server as a process of its own, and stopping it."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 90
"""Seconds until a server that is not ready is given up."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], ready: str, log: Path, **environment: str
) -> Iterator[None]:
    """Run ``command`` until the block ends; enter it when the address ``ready`` answers 200."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as file:
        server = subprocess.Popen(
            list(map(str, command)),
            stdout=file,
            stderr=subprocess.STDOUT,
            env=kept | environment,
            start_new_session=True,
        )
        try:
            _wait(server, ready, log)
            yield
        finally:
            _stop(server)


def until(true, what: str, patience: float = PATIENCE) -> None:
    """Wait until ``true()``."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"not within {patience} seconds: {what}"
        time.sleep(0.1)


def status(url: str) -> int:
    """Return the status that ``url`` answers with; 0 where nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  loopback
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
    except OSError:
        return 0


def _wait(server: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    def answers() -> bool:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        return status(ready) == 200

    try:
        until(answers, f"{ready} answers")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{log.read_text(errors='replace')[-3000:]}") from None


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and what it started: all are in one session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
        except ProcessLookupError:
            break
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            continue
    server.wait(15)


def answer_of(url: str, body: bytes) -> Any:
    """Post JSON; return what is answered."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
        return json.loads(answer.read())
