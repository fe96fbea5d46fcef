"""Make what a store lacks: the rows of a manifest, in shards, from wherever the work was left."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from onnxprobe.embed.channels.tree import Tree
from onnxprobe.embed.header import Header
from onnxprobe.embed.lock import locked
from onnxprobe.embed.manifest import Manifest
from onnxprobe.embed.network import Network
from onnxprobe.embed.resume import claim, find, missing
from onnxprobe.embed.shard import Extent
from onnxprobe.embed.stop import stoppable, until
from onnxprobe.embed.stream import Batch, stream
from onnxprobe.embed.top import folder_of
from onnxprobe.embed.writer import Writer
from onnxprobe.errors import StoreError
from onnxprobe.images import Source
from onnxprobe.progress import Progress, silent

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
            The lock of the store is still held.
        finished: the same, where nothing is missing any more.
        threads: runs of the model at once, each on one core; all cores by default.
        progress: told how many pictures are done.

    Raises:
        StoreError: the store is another one, is in use, or cannot be written; or the work was
            stopped by Ctrl-C or SIGTERM. What is done is kept.
    """
    path, header = job.path, job.header
    with stoppable() as stop, locked(folder_of(path), job.called or path):
        claim(path, header)
        found = find(path, header, job.target)
        batches = list(missing(header, found))
        if not batches:
            done(found.extents)
            finished(found.extents)
            return
        network = job.network()
        writer = Writer(
            path, header, order=job.order, found=found, widths=job.widths, tree=job.tree
        )
        work = stream(
            network,
            job.source,
            job.order.names,
            batches,
            threads=threads,
            max_pixels=header.max_pixels,
        )
        todo = range(job.target - sum(map(len, batches)), job.target)
        try:
            with closing(work), writer:
                _work(job, until(stop, work), writer, todo, progress)
        finally:
            done(writer.extents)
        finished(writer.extents)


def _work(
    job: Job, batches: Iterable[Batch], writer: Writer, todo: range, progress: Progress
) -> None:
    done, total = todo.start, todo.stop
    for batch in batches:
        writer.add(batch)
        done += len(batch.outcomes)
        progress(job.stage, done, total)
    if done < total:
        raise StoreError(
            f"stopped after {done:,} of {total:,} pictures, which are kept in "
            f"{str(job.called or job.path)!r}; give the same command again to go on"
        )
