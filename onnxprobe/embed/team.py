"""Processes that work on one store, and what is said between them and this one.

Each has a pipe of its own, and they share nothing else: whoever is killed, at whatever moment, holds
no lock that others wait for, and the end of a pipe says that who held it is gone.
"""

import multiprocessing
import pickle
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from time import monotonic
from typing import Any, Final

from onnxprobe.devices import Device
from onnxprobe.embed.fill import fill
from onnxprobe.embed.job import Job
from onnxprobe.embed.stop import Stop
from onnxprobe.embed.watch import Accounts, Watch
from onnxprobe.errors import DeviceError, OnnxprobeError
from onnxprobe.progress import Progress
from onnxprobe.store.account import Account

_SECONDS: Final = 0.2
"""How often to look whether the work is to be stopped."""
_GRACE: Final = 60.0
"""Seconds for a process to write what it holds."""
AGAIN: Final = "; what was done is kept: give the same command again to go on"
"""How the error of a process that died ends, for where others did not make the rest."""
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)
_END: Final = b"end"


class Team:
    """Processes that work on one store. They end when it is whole, when told, or with this one."""

    def __init__(self, job: Job, devices: Sequence[Device], threads: int) -> None:
        """Make ready a process for each of ``devices``, which do ``job`` together.

        Raises:
            DeviceError: the source cannot be sent to another process.
        """
        self._job, self._devices, self._threads = job, devices, threads
        with _starting():
            self._sent = pickle.dumps(job)
        self._members: list[_Member] = []
        self._there, self._made = 0, 0
        self._accounts: list[Account] = []
        self._failed: list[str] = []

    def work(self, stop: Stop, watch: Watch) -> None:
        """Start all, tell ``watch``, and wait until all have ended.

        Raises:
            DeviceError: a process could not be started, could not work, or ended without a word.
        """
        start = multiprocessing.get_context("spawn")  # a fork would share what CUDA holds
        try:
            with _starting():
                for _ in self._devices:
                    self._members.append(_Member(start, self._threads))
            for member, device in zip(self._members, self._devices, strict=True):
                member.give(self._sent, device)
            while self._talking():
                if stop.is_set() or self._failed:
                    self._end()
                self._listen(watch.progress)
        finally:
            self._end()
            until = monotonic() + _GRACE
            while self._talking() and monotonic() < until:
                self._listen(watch.progress)
            for member in self._members:
                member.close()
        self._report(watch.account)

    def _talking(self) -> list[Connection]:
        return [member.pipe for member in self._members if not member.over]

    def _end(self) -> None:
        for member in self._members:
            member.end()

    def _listen(self, progress: Progress) -> None:
        """Take what members say, but no longer than until it is time to look; they may never be silent."""
        until = monotonic() + _SECONDS
        while (left := until - monotonic()) > 0 and (talking := self._talking()):
            ready = wait(talking, left)
            for member in self._members:
                if member.pipe in ready and (said := member.said()) is not None:
                    self._take(*said, progress)

    def _take(self, kind: str, said: Any, progress: Progress) -> None:
        if kind == "made":
            self._made += said
        elif kind == "there":
            self._there = max(self._there, said - self._made)
        elif kind == "account":
            self._accounts.append(said)
        else:
            self._failed.append(said)
        target = self._job.target
        progress(self._job.stage, min(self._there + self._made, target), target)

    def _report(self, account: Accounts) -> None:
        if self._accounts:
            whole, *others = self._accounts
            for other in others:
                whole = whole.beside(other)
            account(whole)
        if self._failed:
            raise DeviceError(self._failed[0])
        dead = [member.process.exitcode for member in self._members if member.process.exitcode]
        if dead:
            raise DeviceError(f"a process that worked on a device ended with code {dead[0]}{AGAIN}")


@contextmanager
def _starting() -> Iterator[None]:
    """Say in one line why no process can be started: no room, or a source that cannot be sent."""
    try:
        yield
    except (OSError, ImportError, AttributeError, TypeError, pickle.PicklingError) as error:
        raise DeviceError(f"no process could be started: {error}") from error


class _Member:
    """One process, as the others see it.

    Attributes:
        process: itself.
        pipe: what it says comes from here.
        over: whether it says nothing any more.
    """

    def __init__(self, start: SpawnContext, threads: int) -> None:
        self.pipe, theirs = start.Pipe()
        self.process = start.Process(target=_member, args=(theirs, threads))
        self.over = self._told = False
        with _signals_held():  # Ctrl-C reaches all; this process says what to do
            self.process.start()
        theirs.close()

    def give(self, job: bytes, device: Device) -> None:
        """Send the work. Not with the start: that waits for ever where it is killed before it reads."""
        with suppress(OSError):  # it has ended, which its exit code says
            self.pipe.send_bytes(job)
            self.pipe.send(device)

    def end(self) -> None:
        """Ask it to stop."""
        if not self._told:
            self._told = True
            with suppress(OSError):
                self.pipe.send_bytes(_END)

    def said(self) -> tuple[str, Any] | None:
        """Return the next thing that it says; ``None`` where it has ended."""
        try:
            kind, said = self.pipe.recv()
        except (OSError, EOFError):
            self.over = True
            return None
        return kind, said

    def close(self) -> None:
        """Wait until it has ended."""
        self.process.join(_GRACE)
        self.pipe.close()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Start processes that get no signal before they have said what to do with it."""
    resource_tracker.ensure_running()  # begun later, it would let signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Told:
    """Asked to stop by the process that set it all going, by its end, or by SIGTERM."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._asked = pipe, threading.Event()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._asked.set())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float) -> bool:
        return self._asked.is_set() or self._pipe.poll(timeout) or self._asked.is_set()


def _member(pipe: Connection, threads: int) -> None:
    """Work in a process of its own."""
    told = _Told(pipe)

    def say(kind: str, what: object) -> None:
        with suppress(OSError):  # nobody listens any more, which ``told`` knows as well
            pipe.send((kind, what))

    watch = Watch(
        there=lambda pictures: say("there", pictures),
        made=lambda pictures: say("made", pictures),
        account=lambda account: say("account", account),
    )
    try:
        job: Job = pickle.loads(pipe.recv_bytes())  # noqa: S301  from the process that began this one
        device = pipe.recv()
    except (OSError, EOFError):
        return
    job = replace(job, network=replace(job.network, device=device))
    try:
        fill(job, watch, threads=threads, asked=told)
    except OnnxprobeError as error:
        if not told.is_set():
            say("failed", f"{device}: {error}")
