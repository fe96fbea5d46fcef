"""Make what a store lacks: the rows of a manifest, in shards, from wherever the work was left."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Final

from onnxprobe.embed.channels.tree import Tree
from onnxprobe.embed.header import Header
from onnxprobe.embed.lock import locked, turn
from onnxprobe.embed.manifest import Manifest
from onnxprobe.embed.network import Network
from onnxprobe.embed.resume import Found, claim, find, missing, tidy
from onnxprobe.embed.shard import Extent
from onnxprobe.embed.sharing import Share
from onnxprobe.embed.stop import stoppable, until
from onnxprobe.embed.stream import stream
from onnxprobe.embed.top import folder_of
from onnxprobe.embed.writer import Writer
from onnxprobe.errors import StoreError
from onnxprobe.images import Source, Status
from onnxprobe.progress import Progress, silent

SECONDS_BETWEEN_LOOKS: Final = 1.0
"""How often to look whether what others were making is free, or made."""
Extents = Mapping[int, Extent]
"""Shards that are whole, by number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """What a store is to hold, and where it is from.

    Attributes:
        path: of the store; its shards lie in ``folder_of(path)``.
        header: what the rows depend on.
        order: of the pictures.
        target: how many of them are wanted.
        source: the pictures.
        widths: length of the vectors of each output that is kept.
        network: loads what runs them; called only where something is missing.
        stage: what the work is called where progress is told.
        tree: is shown every full shard that is made.
        retry: pictures of these statuses are tried again.
        join: whether other processes may work on the store as well.
        called: what users know the store by, where that is not ``path``.
    """

    path: Path
    header: Header
    order: Manifest
    target: int
    source: Source
    widths: tuple[int, ...]
    network: Callable[[], Network]
    stage: str = "embed"
    tree: Tree | None = None
    retry: frozenset[Status] = frozenset()
    join: bool = False
    called: Path | None = None


def _nothing(_: Extents) -> None:
    pass


def fill(
    job: Job,
    *,
    done: Callable[[Extents], None] = _nothing,
    finished: Callable[[Extents], None] = _nothing,
    threads: int | None = None,
    progress: Progress = silent,
) -> None:
    """Make every shard that is missing.

    Args:
        job: what to make.
        done: told the shards that are there, by number, also where the work fails or is stopped.
            No other process is told at the same time.
        finished: the same, where nothing is missing any more.
        threads: runs of the model at once, each on one core; all cores by default.
        progress: told how many pictures are done.

    Raises:
        StoreError: the store is another one, is in use, or cannot be written; or the work was
            stopped by Ctrl-C or SIGTERM. What is done is kept.
    """
    folder = folder_of(job.path)
    with stoppable() as stop, locked(folder, job.called or job.path, shared=job.join):
        with turn(folder):
            claim(job.path, job.header)
            if not job.join:
                tidy(job.path)
        found = find(job.path, job.header, job.target, job.retry)
        work = _Work(job, found, stop, threads=threads, progress=progress)
        try:
            (work.share if job.join else work.finish)()
        finally:
            with turn(folder):
                done(found.extents)
        with turn(folder):
            finished(found.extents)


class _Work:
    """Rows of a store being made; what is ``found`` there is kept up to date."""

    def __init__(
        self, job: Job, found: Found, stop: Event, *, threads: int | None, progress: Progress
    ) -> None:
        self._job, self._found, self._stop = job, found, stop
        self._threads, self._progress = threads, progress

    @cached_property
    def _network(self) -> Network:
        return self._job.network()

    def finish(self) -> None:
        """Make everything that is missing, alone."""
        left = self._left()
        made = self._make(list(missing(self._job.header, self._found)), left)
        if made < left:
            raise self._stopped(left - made)

    def share(self) -> None:
        """Make the shards that nobody else makes, until all are made, by whomever."""
        share = Share(self._job.path, self._job.header, self._found)
        try:
            while left := self._left():
                made = self._make(share.free(), left)
                share.rest()
                asked = self._stop.is_set() if made else self._stop.wait(SECONDS_BETWEEN_LOOKS)
                if asked and (left := self._left()):
                    raise self._stopped(left)
        finally:
            share.rest()

    def _left(self) -> int:
        return sum(map(len, missing(self._job.header, self._found)))

    def _make(self, batches: Iterable[range], left: int) -> int:
        """Make the rows of ``batches``, which may be found out one by one; return how many."""
        job, made, batches = self._job, 0, iter(batches)
        first = next(batches, None)
        if first is None:
            return 0
        writer = Writer(
            job.path,
            job.header,
            order=job.order,
            found=self._found,
            widths=job.widths,
            tree=job.tree,
        )
        work = stream(
            self._network,
            job.source,
            job.order.names,
            chain([first], batches),
            threads=self._threads,
            max_pixels=job.header.max_pixels,
        )
        try:
            with closing(work), writer:
                for batch in until(self._stop, work):
                    writer.add(batch)
                    made += len(batch.outcomes)
                    self._progress(job.stage, job.target - left + made, job.target)
        finally:
            self._found.extents.update(writer.extents)
        return made

    def _stopped(self, left: int) -> StoreError:
        job = self._job
        return StoreError(
            f"stopped after {job.target - left:,} of {job.target:,} pictures, which are kept in "
            f"{str(job.called or job.path)!r}; give the same command again to go on"
        )
