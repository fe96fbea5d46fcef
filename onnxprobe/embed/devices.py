"""Several devices on one store: a process each, which share its shards."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from queue import Empty
from typing import Any, Final

from onnxprobe.devices import Device
from onnxprobe.embed.account import Account
from onnxprobe.embed.fill import fill, prepare, settle
from onnxprobe.embed.job import Job
from onnxprobe.embed.network import cores
from onnxprobe.embed.stop import Stop, stoppable
from onnxprobe.embed.watch import UNWATCHED, Accounts, Watch
from onnxprobe.errors import DeviceError, OnnxprobeError
from onnxprobe.progress import Progress

_SECONDS: Final = 0.2
"""How often to look whether a process has ended, or the work is to be stopped."""
_GRACE: Final = 60.0
"""Seconds for a process to write what it holds."""


def fill_on(
    devices: Sequence[Device], job: Job, *, watch: Watch = UNWATCHED, threads: int | None = None
) -> None:
    """Make every shard that is missing, on all ``devices``; see ``fill``.

    One device is worked by this process, several by a process each; what results is the same, bit
    for bit.

    Raises:
        StoreError: see ``fill``.
        DeviceError: a process ended without a word, or could not work.
    """
    jobs = [replace(job, network=replace(job.network, device=device)) for device in devices]
    if len(jobs) == 1:
        fill(jobs[0], watch, threads=threads)
        return
    prepare(job)
    each = threads or max(1, cores() // len(jobs))
    with stoppable() as stop:
        try:
            _Team([replace(one, join=True) for one in jobs], each).work(stop, watch)
        finally:
            left = settle(job, watch)
    if left:
        raise job.stopped(left)


class _Team:
    """Processes that work on one store. They end when it is whole, when told, or with this one."""

    def __init__(self, jobs: Sequence[Job], threads: int) -> None:
        start = multiprocessing.get_context("spawn")  # a fork would share what CUDA holds
        self._job = jobs[0]
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
        for member in self._members:
            member.start()
        try:
            while any(member.is_alive() for member in self._members):
                if stop.is_set() or self._failed:
                    self._end.set()
                self._listen(watch.progress, _SECONDS)
        finally:
            self._end.set()
            for member in self._members:
                member.join(_GRACE)
            self._listen(watch.progress, 0)
        self._report(watch.account)

    def _listen(self, progress: Progress, wait: float) -> None:
        """Take what members have said so far."""
        while True:
            try:
                kind, said = self._said.get(timeout=wait) if wait else self._said.get_nowait()
            except Empty:
                return
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
        if self._failed:
            raise DeviceError(self._failed[0])
        dead = [member.exitcode for member in self._members if member.exitcode]
        if dead:
            raise DeviceError(
                f"a process that worked on a device ended with code {dead[0]}; what was done is "
                "kept: give the same command again to go on"
            )
        if self._accounts:
            whole, *others = self._accounts
            for other in others:
                whole = whole.beside(other)
            account(whole)


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
