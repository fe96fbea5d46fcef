"""Several processes on one store, on one device or several, which share its shards."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Final

from onnxprobe.devices import Device
from onnxprobe.embed.fill import fill, prepare, settle
from onnxprobe.embed.growth import Growth
from onnxprobe.embed.job import Job, UnfinishedError
from onnxprobe.embed.stop import Stop, stoppable
from onnxprobe.embed.team import AGAIN, Team
from onnxprobe.embed.watch import UNWATCHED, Watch
from onnxprobe.errors import DeviceError, StoreError
from onnxprobe.machine import cores

ALONE: Final = (
    "pictures are tried again by one process alone, without --join, on one device and with one of "
    "--workers"
)


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
        Team(_sent(jobs[0]), [one.network.device for one in jobs], each).work(stop, watch)
    except DeviceError as error:
        failed = error
    finally:
        left = settle(jobs[0], watch)
    if left:
        raise failed or jobs[0].stopped(left)
    if failed:
        why = str(failed).removesuffix(AGAIN)
        warnings.warn(f"{why}; the others made everything", RuntimeWarning, stacklevel=2)


def _sent(job: Job) -> Job:
    """Return ``job`` as another process gets it: a network stays in its own."""
    return replace(job, join=True, network=replace(job.network, loaded=None))
