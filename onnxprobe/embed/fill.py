"""Make what a store lacks: the rows of a manifest, in shards, from wherever the work was left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from onnxprobe.embed.job import Job
from onnxprobe.embed.stop import Stop, stoppable
from onnxprobe.embed.watch import UNWATCHED, Watch
from onnxprobe.embed.work import Work
from onnxprobe.store.lock import locked, turn
from onnxprobe.store.resume import claim, find, missing, tidy
from onnxprobe.store.top import folder_of

How = Callable[[Work], None]
"""Makes what is missing."""


def fill(
    job: Job,
    watch: Watch = UNWATCHED,
    *,
    threads: int | None = None,
    asked: Stop | None = None,
    how: How | None = None,
) -> None:
    """Make every shard that is missing.

    Args:
        job: what to make.
        watch: told what becomes of it.
        threads: runs of the model at once, each on one core; all cores by default.
        asked: tells when to stop; by default Ctrl-C and SIGTERM do.
        how: makes what is missing; by default this process does.

    Raises:
        StoreError: the store is another one, is in use, or cannot be written; or the work was
            stopped by Ctrl-C or SIGTERM. What is done is kept.
    """
    folder = folder_of(job.path)
    with _asked(asked) as stop, locked(folder, job.called or job.path, shared=job.join):
        with turn(folder):
            claim(job.path, job.header)
            if not job.join:
                tidy(job.path)
        found = find(job.path, job.header, job.target, job.retry)
        work = Work(job, found, stop, watch=watch, threads=threads)
        watch.there(job.target - work.left())
        try:
            (how or (Work.share if job.join else Work.finish))(work)
        finally:
            with turn(folder):
                watch.done(found.extents)
            if work.account is not None:
                watch.account(work.account)
        with turn(folder):
            watch.finished(found.extents)


@contextmanager
def _asked(by: Stop | None) -> Iterator[Stop]:
    if by is not None:
        yield by
        return
    with stoppable() as stop:
        yield stop


def prepare(job: Job) -> None:
    """Make the store ours, before several processes share it.

    Raises:
        StoreError: it is another one, or in use.
    """
    folder = folder_of(job.path)
    with locked(folder, job.called or job.path, shared=job.join), turn(folder):
        claim(job.path, job.header)
        if not job.join:
            tidy(job.path)


def settle(job: Job, watch: Watch = UNWATCHED) -> int:
    """Tell ``watch`` what several processes have made; return how many pictures are left."""
    folder = folder_of(job.path)
    with locked(folder, job.called or job.path, shared=job.join), turn(folder):
        found = find(job.path, job.header, job.target, job.retry)
        left = sum(map(len, missing(job.header, found)))
        watch.done(found.extents)
        if not left:
            watch.finished(found.extents)
    return left
