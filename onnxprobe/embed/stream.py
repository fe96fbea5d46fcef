"""Pictures through a network: read ahead, decoded, run in batches, given back in order.

Each core decodes and runs batches of its own with one thread: no thread waits for another at every
layer or drives it out of the cache, and sums are made in the same order whatever the number of cores.
For a GPU other threads decode. What is ahead of the runs is a bounded window.
Every batch has a fixed shape, and a picture's slot in it follows from its row, whatever becomes of
its neighbours; so work that is stopped can go on at any batch and gives the same bits.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from time import perf_counter, thread_time
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.embed.ahead import Ahead, Read
from onnxprobe.embed.fetch import Fetch
from onnxprobe.embed.network import Arrays, Network
from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.embed.stop import NEVER, Stop, StoppedError, unless
from onnxprobe.images import MAX_PIXELS, Source, Status, longest, reads_at_once
from onnxprobe.machine import cores
from onnxprobe.store.ledger import Outcome

Work = Callable[[], list[tuple[Outcome, float]]]
"""Decodes some pictures, or waits until they are; tells what became of each, and its seconds."""

_NOT_FINITE: Final = "the model gives an infinity or a NaN"
_GPU_RUNS: Final = 2
"""Threads that run a network on a GPU."""
_TASKS: Final = 4
"""Tasks for each thread that reads; one task may be several pictures, for handing one over costs
as much as decoding a small one."""
_BATCHES_AHEAD: Final = 2
"""Batches that are read or decoded for each that is run: while one runs, the next is ready."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What became of consecutive pictures.

    Attributes:
        start: row of the first of them.
        outcomes: one a picture.
        kept: those whose status is ok, as offsets from ``start``, int64 ``(n,)``.
        outputs: by name, a row for each of ``kept``; empty where there are none.
        decode_seconds: spent on reading and decoding, summed over the pictures, without waiting
            for a core.
        run_seconds: spent in the network, without waiting for a core.
    """

    start: int
    outcomes: tuple[Outcome, ...]
    kept: NDArray[np.int64]
    outputs: Arrays
    decode_seconds: float
    run_seconds: float


def stream(  # noqa: PLR0913
    network: Network,
    source: Source,
    names: Sequence[str],
    batches: Iterable[range],
    *,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    asked: Stop = NEVER,
) -> Generator[Batch]:
    """Run pictures through ``network`` and yield what comes out, batch by batch, in order.

    Args:
        network: what they are run through.
        source: where they are read from.
        names: of the pictures; rows are positions in this.
        batches: rows to run together, at most ``network.batch`` each.
        threads: how many run the network, and how many decode for them; all cores by default.
        max_pixels: larger pictures are refused.
        asked: tells when to stop; what is read from afar is then not waited for.
    """
    reading, running = crews(network, source, threads)
    window = running * (1 + _BATCHES_AHEAD)
    shape = (network.batch, *network.preprocess.shape)
    few = max(1, min(network.batch // 2, window * network.batch // (_TASKS * reading)))
    free = deque(np.zeros(shape, network.preprocess.dtype) for _ in range(window))
    waiting: deque[tuple[Future[Batch], NDArray[Any]]] = deque()
    ahead = Ahead(_reading(source, longest(max_pixels), asked), reading)
    fetch = Fetch(ahead, network.preprocess, max_pixels)
    decoders = ThreadPoolExecutor(threads or cores(), "decode")  # no thread before it is needed
    runners = ThreadPoolExecutor(running, "run")
    decode = _decoding(network, fetch, decoders)
    with quiet_opencv(), suppress(StoppedError):
        try:
            for rows in batches:
                if not free:
                    yield _oldest(waiting, free)
                samples = free.popleft()
                pictures = [
                    decode(ahead.submit(names[start : min(start + few, rows.stop)]), slots)
                    for start, slots in _parts(rows, samples, few)
                ]
                batch = runners.submit(_run, network, rows.start, samples, pictures)
                waiting.append((batch, samples))
            while waiting:
                yield _oldest(waiting, free)
        finally:
            ahead.close()
            decoders.shutdown(cancel_futures=True)
            runners.shutdown(cancel_futures=True)


def crews(network: Network, source: Source, threads: int | None) -> tuple[int, int]:
    """Return how many threads read ahead, and how many run the network.

    Some sources are read best by more threads than there are cores, which wait most of the time.
    A GPU is kept busy by two runs: one computes while the other's samples are copied there.
    """
    threads = threads or cores()
    reading = max(threads, reads_at_once(source))
    return reading, threads if _on_cpu(network) else _GPU_RUNS


def _parts(rows: range, samples: NDArray[Any], few: int) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield the first row, and the slots, of every ``few`` pictures of a batch."""
    for start in rows[::few]:
        yield start, samples[start - rows.start :]


def _on_cpu(network: Network) -> bool:
    return network.session.device.kind.memory == "cpu"


def _reading(source: Source, most: int, asked: Stop) -> Callable[[str], bytes]:
    """Return a way to read from ``source``; from afar, one that gives up when ``asked`` to stop."""
    if reads_at_once(source) == 1:
        return lambda name: source.read(name, most)
    return lambda name: unless(asked, lambda: source.read(name, most))


def _decoding(
    network: Network, fetch: Fetch, decoders: ThreadPoolExecutor
) -> Callable[[Future[list[Read]], NDArray[Any]], Work]:
    """Return how to put off decoding: until the batch is run, or for a GPU to threads of their own."""
    if _on_cpu(network):
        return lambda files, slots: lambda: fetch(files, slots)
    return lambda files, slots: decoders.submit(fetch, files, slots).result


def _oldest(waiting: deque[tuple[Future[Batch], NDArray[Any]]], free: deque[NDArray[Any]]) -> Batch:
    future, samples = waiting.popleft()
    batch = future.result()
    free.append(samples)
    return batch


def _run(
    network: Network,
    start: int,
    samples: NDArray[Any],
    pictures: Sequence[Work],
) -> Batch:
    done = [one for decoded in pictures for one in decoded()]
    outcomes, seconds = zip(*done, strict=True)
    samples[len(outcomes) :] = 0
    decoded = np.array([outcome.status is Status.OK for outcome in outcomes])
    outputs: Arrays = {}
    clock = thread_time if _on_cpu(network) else perf_counter  # a GPU computes while a thread waits
    began = clock()
    if decoded.any():
        outputs = network.run(samples)
        finite = _finite(outputs, len(outcomes))
        outcomes = tuple(
            replace(outcome, status=Status.NOT_FINITE, error=_NOT_FINITE)
            if outcome.status is Status.OK and not good
            else outcome
            for outcome, good in zip(outcomes, finite, strict=True)
        )
        decoded &= finite
    kept = np.flatnonzero(decoded)
    return Batch(
        start,
        outcomes,
        kept,
        {name: values[kept] for name, values in outputs.items()} if kept.size else {},
        sum(seconds),
        clock() - began,
    )


def _finite(outputs: Arrays, rows: int) -> NDArray[np.bool_]:
    good = np.ones(rows, bool)
    for values in outputs.values():
        if values.dtype.kind == "f":
            good &= np.isfinite(values[:rows].reshape(rows, -1)).all(axis=1)
    return good
