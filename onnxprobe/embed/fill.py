"""Make what a store lacks: the rows of a manifest, in shards, from wherever the work was left."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Final

from onnxprobe.embed.account import Account
from onnxprobe.embed.channels.tree import Tree
from onnxprobe.embed.header import Header
from onnxprobe.embed.lock import locked, turn
from onnxprobe.embed.manifest import Manifest
from onnxprobe.embed.network import Loader, Network
from onnxprobe.embed.outage import while_there
from onnxprobe.embed.resume import Found, claim, find, missing, tidy
from onnxprobe.embed.shard import Extent
from onnxprobe.embed.sharing import Share
from onnxprobe.embed.stop import Stop, stoppable, until
from onnxprobe.embed.stream import crews, stream
from onnxprobe.embed.top import folder_of
from onnxprobe.embed.writer import Writer
from onnxprobe.errors import StoreError
from onnxprobe.images import Source, Status
from onnxprobe.progress import Progress, silent

SECONDS_BETWEEN_LOOKS: Final = 1.0
"""How often to look whether what others were making is free, or made."""
Extents = Mapping[int, Extent]
"""Shards that are whole, by number."""
Accounts = Callable[[Account], None]
"""Is told what the work was like."""


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
    network: Loader
    stage: str = "embed"
    tree: Tree | None = None
    retry: frozenset[Status] = frozenset()
    join: bool = False
    called: Path | None = None

    def stopped(self, left: int) -> StoreError:
        """Return the error for work that was stopped while so many pictures were ``left``."""
        return StoreError(
            f"stopped after {self.target - left:,} of {self.target:,} pictures, which are kept in "
            f"{str(self.called or self.path)!r}; give the same command again to go on"
        )


def nothing(_: Extents) -> None:
    """Do nothing with the shards."""


def nobody(_: Account) -> None:
    """Tell nobody what the work was like."""


def _unheard(_: int) -> None:
    pass


def fill(  # noqa: PLR0913
    job: Job,
    *,
    done: Callable[[Extents], None] = nothing,
    finished: Callable[[Extents], None] = nothing,
    threads: int | None = None,
    progress: Progress = silent,
    account: Accounts = nobody,
    there: Callable[[int], None] = _unheard,
    made: Callable[[int], None] = _unheard,
    asked: Stop | None = None,
    how: Callable[["Work"], None] | None = None,
) -> None:
    """Make every shard that is missing.

    Args:
        job: what to make.
        done: told the shards that are there, by number, also where the work fails or is stopped.
            No other process is told at the same time.
        finished: the same, where nothing is missing any more.
        threads: runs of the model at once, each on one core; all cores by default.
        progress: told how many pictures are done.
        account: told at the end what the work was like, where there was any.
        there: told at the start how many pictures were done before.
        made: told of each batch how many pictures it held.
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
        work = Work(job, found, stop, threads=threads, progress=progress)
        work.made = made
        there(job.target - work.left())
        try:
            (how or (Work.share if job.join else Work.finish))(work)
        finally:
            with turn(folder):
                done(found.extents)
        if work.account is not None:
            account(work.account)
        with turn(folder):
            finished(found.extents)


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
    with locked(folder, job.called or job.path), turn(folder):
        claim(job.path, job.header)
        tidy(job.path)


def settle(
    job: Job,
    *,
    done: Callable[[Extents], None] = nothing,
    finished: Callable[[Extents], None] = nothing,
) -> int:
    """Tell ``done`` and ``finished`` what several processes have made; return what is left."""
    folder = folder_of(job.path)
    with locked(folder, job.called or job.path), turn(folder):
        found = find(job.path, job.header, job.target, job.retry)
        left = sum(map(len, missing(job.header, found)))
        done(found.extents)
        if not left:
            finished(found.extents)
    return left


class Work:
    """Rows of a store being made.

    Attributes:
        job: what to make.
        found: what is there, kept up to date.
        stop: tells when to stop.
        progress: told how many pictures are done.
        made: told of each batch how many pictures it held.
        account: what the work was like; null where there was none.
    """

    def __init__(
        self, job: Job, found: Found, stop: Stop, *, threads: int | None, progress: Progress
    ) -> None:
        self.job, self.found, self.stop = job, found, stop
        self.threads, self.progress = threads, progress
        self.account: Account | None = None
        self.made: Callable[[int], None] = _unheard

    @cached_property
    def network(self) -> Network:
        """What the job loads, once."""
        return self.job.network()

    def finish(self) -> None:
        """Make everything that is missing, alone."""
        left = self.left()
        made = self.make(list(missing(self.job.header, self.found)), left)
        if made < left:
            raise self.job.stopped(left - made)

    def share(self) -> None:
        """Make the shards that nobody else makes, until all are made, by whomever."""
        share = Share(self.job.path, self.job.header, self.found)
        try:
            while left := self.left():
                made = self.make(share.free(), left)
                share.rest()
                asked = self.stop.is_set() if made else self.stop.wait(SECONDS_BETWEEN_LOOKS)
                if asked and (left := self.left()):
                    raise self.job.stopped(left)
        finally:
            share.rest()

    def left(self) -> int:
        """Return how many pictures are still to be made."""
        return sum(map(len, missing(self.job.header, self.found)))

    def make(self, batches: Iterable[range], left: int) -> int:
        """Make the rows of ``batches``, which may be found out one by one; return how many.

        ``left`` is how many there are to make, all in all; for ``progress``.
        """
        job, made, batches = self.job, 0, iter(batches)
        first = next(batches, None)
        if first is None:
            return 0
        network, began, decode, infer = self.network, perf_counter(), 0.0, 0.0
        writer = Writer(
            job.path,
            job.header,
            order=job.order,
            found=self.found,
            widths=job.widths,
            tree=job.tree,
        )
        work = stream(
            network,
            job.source,
            job.order.names,
            chain([first], batches),
            threads=self.threads,
            max_pixels=job.header.max_pixels,
        )
        try:
            with closing(work), writer:
                for batch in until(self.stop, while_there(work, job.source)):
                    writer.add(batch)
                    made += len(batch.outcomes)
                    decode, infer = decode + batch.decode_seconds, infer + batch.run_seconds
                    self.made(len(batch.outcomes))
                    self.progress(job.stage, job.target - left + made, job.target)
        finally:
            self.found.extents.update(writer.extents)
        self._note(made, perf_counter() - began, decode=decode, infer=infer, write=writer.seconds)
        return made

    def _note(
        self, made: int, seconds: float, *, decode: float, infer: float, write: float
    ) -> None:
        session = self.network.session
        providers = ", ".join(session.providers)
        now = Account(
            (f"{session.device} ({providers})",),
            session.device.precision,
            self.network.cosine,
            made,
            seconds,
            decode,
            infer,
            write,
            *crews(self.network, self.job.source, self.threads),
        )
        self.account = now if self.account is None else self.account.then(now)
