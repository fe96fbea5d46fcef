"""Several processes on one store, on one device or several, which share its shards."""

import multiprocessing
import os
import pickle
import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import cycle, islice
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from time import monotonic
from typing import Any, Final

from onnxprobe.devices import Device
from onnxprobe.embed.account import Account
from onnxprobe.embed.fill import fill, prepare, settle
from onnxprobe.embed.growth import Growth
from onnxprobe.embed.job import Job, UnfinishedError
from onnxprobe.embed.stop import Stop, stoppable
from onnxprobe.embed.watch import UNWATCHED, Accounts, Watch
from onnxprobe.errors import DeviceError, OnnxprobeError, StoreError
from onnxprobe.machine import cores
from onnxprobe.progress import Progress

ALONE: Final = (
    "pictures are tried again by one process alone, without --join, on one device and with one of "
    "--workers"
)
_SECONDS: Final = 0.2
"""How often to look whether a process has ended, or the work is to be stopped."""
_GRACE: Final = 60.0
"""Seconds for a process to write what it holds."""


def fill_on(
    devices: Sequence[Device],
    job: Job,
    *,
    watch: Watch = UNWATCHED,
    threads: int | None = None,
    workers: int | None = 1,
) -> None:
    """Make every shard that is missing, on all ``devices``; see ``fill``.

    One worker is this process, several are a process each; what results is the same, bit for bit.

    Args:
        devices: what the network is run on, a worker each at least.
        job: what to make.
        watch: told what becomes of it.
        threads: runs of the network at once in each worker; by default they share all cores. Those
            that join one worker share its threads with it.
        workers: how many; ``None`` for one where that keeps the device or the cores busy, or where
            loading the network once more takes long or gives other bits, and more elsewhere.

    Raises:
        StoreError: see ``fill``.
        DeviceError: a process ended without a word, or could not work.
    """
    count = max(workers or 1, len(devices))
    if count > 1 and job.retry:
        raise StoreError(ALONE)
    jobs = [
        replace(job, network=replace(job.network, device=device))
        for device in islice(cycle(devices), count)
    ]
    with stoppable() as stop:
        if count > 1:
            _together(jobs, stop, watch, threads)
        elif workers or job.join or job.retry or not devices[0].kind.repeats:
            fill(jobs[0], watch, threads=threads, asked=stop)
        else:
            _growing(jobs[0], stop, watch, threads)


def _growing(job: Job, stop: Stop, watch: Watch, threads: int | None) -> None:
    """Begin alone; go on with several processes where that ends the work sooner."""
    growth = Growth(stop, job.header.shard_rows, threads or cores())
    try:
        fill(job, replace(watch, look=growth.look), threads=threads, asked=growth)
    except UnfinishedError:
        if stop.is_set() or growth.workers == 1:
            raise
    else:
        return
    count = growth.workers
    try:
        _together([job] * count, stop, watch, threads and max(1, threads // count))
    except DeviceError as error:
        warnings.warn(
            f"{count} processes would be faster than one, but they failed ({error}); one goes on",
            RuntimeWarning,
            stacklevel=2,
        )
        fill(job, watch, threads=threads, asked=stop)


def _together(jobs: Sequence[Job], stop: Stop, watch: Watch, threads: int | None) -> None:
    """Make what is missing, with a process for each of ``jobs``, which differ in the device alone."""
    prepare(jobs[0])
    each = threads or max(1, cores() // len(jobs))
    failed: DeviceError | None = None
    try:
        _Team([_sent(one) for one in jobs], each).work(stop, watch)
    except DeviceError as error:
        failed = error
    finally:
        left = settle(jobs[0], watch)
    if left:
        raise failed or jobs[0].stopped(left)
    if failed:
        warnings.warn(f"{failed}; the others made everything", RuntimeWarning, stacklevel=2)


def _sent(job: Job) -> Job:
    """Return ``job`` as another process gets it: a network stays in its own."""
    return replace(job, join=True, network=replace(job.network, loaded=None))


@contextmanager
def _starting() -> Iterator[None]:
    """Say in one line why no process can be started: no room, or a source that cannot be sent."""
    try:
        yield
    except (OSError, ImportError, AttributeError, TypeError, pickle.PicklingError) as error:
        raise DeviceError(f"no process could be started: {error}") from error


class _Team:
    """Processes that work on one store. They end when it is whole, when told, or with this one."""

    def __init__(self, jobs: Sequence[Job], threads: int) -> None:
        start = multiprocessing.get_context("spawn")  # a fork would share what CUDA holds
        self._job = jobs[0]
        with _starting():
            self._said: Queue[tuple[str, Any]] = start.Queue()
            self._end = start.Event()
        self._members: list[BaseProcess] = [
            start.Process(target=_member, args=(job, threads, self._said, self._end, os.getpid()))
            for job in jobs
        ]
        self._there, self._made = 0, 0
        self._accounts: list[Account] = []
        self._failed: list[str] = []

    def work(self, stop: Stop, watch: Watch) -> None:
        """Start all, tell ``watch``, and wait until all have ended."""
        try:
            with _starting():
                for member in self._members:
                    member.start()
            while any(member.is_alive() for member in self._members):
                if stop.is_set() or self._failed:
                    self._end.set()
                self._listen(watch.progress)
        finally:
            self._end.set()
            for member in self._members:
                if member.pid is not None:
                    member.join(_GRACE)
            with suppress(Empty):
                while True:
                    self._take(*self._said.get_nowait(), watch.progress)
        self._report(watch.account)

    def _listen(self, progress: Progress) -> None:
        """Take what members say, but no longer than until it is time to look; they may never be silent."""
        until = monotonic() + _SECONDS
        with suppress(Empty):
            while (left := until - monotonic()) > 0:
                self._take(*self._said.get(timeout=left), progress)

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
        dead = [member.exitcode for member in self._members if member.exitcode]
        if dead:
            raise DeviceError(
                f"a process that worked on a device ended with code {dead[0]}; what was done is "
                "kept: give the same command again to go on"
            )


class _Told:
    """Asked to stop by an event, or by the end of the process that set it all going."""

    def __init__(self, event: Event, parent: int) -> None:
        self._event, self._parent = event, parent

    def is_set(self) -> bool:
        return self._event.is_set() or os.getppid() != self._parent

    def wait(self, timeout: float) -> bool:
        return self._event.wait(timeout) or self.is_set()


def _member(
    job: Job, threads: int, said: "Queue[tuple[str, Any]]", end: Event, parent: int
) -> None:
    """Work in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent says what to do
    told = _Told(end, parent)
    watch = Watch(
        there=lambda pictures: said.put(("there", pictures)),
        made=lambda pictures: said.put(("made", pictures)),
        account=lambda account: said.put(("account", account)),
    )
    try:
        fill(job, watch, threads=threads, asked=told)
    except OnnxprobeError as error:
        if not told.is_set():
            said.put(("failed", f"{job.network.device}: {error}"))
