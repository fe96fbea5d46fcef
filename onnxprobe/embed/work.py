"""Rows of a store being made: by this process alone, or beside others."""

from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from itertools import chain
from time import perf_counter
from typing import Final

from onnxprobe.embed.job import Job
from onnxprobe.embed.network import Network
from onnxprobe.embed.outage import while_there
from onnxprobe.embed.sharing import Share
from onnxprobe.embed.stop import Stop, until
from onnxprobe.embed.stream import crews, stream
from onnxprobe.embed.watch import UNWATCHED, Watch
from onnxprobe.embed.writer import Writer
from onnxprobe.store.account import Account
from onnxprobe.store.resume import Found, missing

SECONDS_BETWEEN_LOOKS: Final = 1.0
"""How often to look whether what others were making is free or made, or what limits the work."""


class Work:
    """Rows of a store being made.

    Attributes:
        job: what to make.
        found: what is there, kept up to date.
        stop: tells when to stop.
        watch: told of each batch.
        account: what the work was like; null where there was none.
    """

    def __init__(
        self,
        job: Job,
        found: Found,
        stop: Stop,
        *,
        watch: Watch = UNWATCHED,
        threads: int | None = None,
    ) -> None:
        self.job, self.found, self.stop = job, found, stop
        self.watch, self.threads = watch, threads
        self.account: Account | None = None

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

        ``left`` is how many there are to make, all in all; for ``watch``.
        """
        job, made, batches = self.job, 0, iter(batches)
        first = next(batches, None)
        if first is None:
            return 0
        network, decode, infer = self.network, 0.0, 0.0
        began = looked = perf_counter()
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
            asked=self.stop,
        )
        try:
            with closing(work), writer:
                for batch in until(self.stop, while_there(work, job.source, self.stop)):
                    writer.add(batch)
                    made += len(batch.outcomes)
                    decode, infer = decode + batch.decode_seconds, infer + batch.run_seconds
                    self.watch.made(len(batch.outcomes))
                    self.watch.progress(job.stage, job.target - left + made, job.target)
                    if perf_counter() - looked > SECONDS_BETWEEN_LOOKS:
                        looked = perf_counter()
                        so_far = self._spent(made, looked - began, decode, infer, writer.seconds)
                        self.watch.look(so_far, left - made)
        finally:
            self.found.extents.update(writer.extents)
        now = self._spent(made, perf_counter() - began, decode, infer, writer.seconds)
        self.account = now if self.account is None else self.account.then(now)
        return made

    def _spent(
        self, made: int, seconds: float, decode: float, infer: float, write: float
    ) -> Account:
        session = self.network.session
        providers = ", ".join(session.providers)
        return Account(
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
