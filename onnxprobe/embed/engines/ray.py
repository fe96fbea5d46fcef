"""A Ray cluster: actors of Ray Data, each of which makes whole shards.

The folder of the store must be one that all machines see, and so must the pictures. Ray's own
checkpoints are not used: what resumes is our shards.
"""

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from threading import Event
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from onnxprobe.devices import Device
from onnxprobe.embed.fill import fill
from onnxprobe.embed.job import Job
from onnxprobe.embed.watch import UNWATCHED, Watch
from onnxprobe.embed.work import Work
from onnxprobe.errors import MissingExtraError, OnnxprobeError, ServerError, StoreError
from onnxprobe.graph.disk.wire import LIMIT, dump, length, pieces
from onnxprobe.graph.model import Model
from onnxprobe.store.account import Account
from onnxprobe.store.resume import Found, lacking, look, unfinished

_ERRORS_ONLY: Final = 40

Rows = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Ray:
    """Work on a Ray cluster.

    Attributes:
        address: of it; one is started on this machine, and stopped at the end, where nobody says.
        workers: actors; as many as there are devices, or cores for ``threads`` each.
    """

    address: str | None = None
    workers: int | None = None

    def fill(
        self,
        devices: Sequence[Device],
        job: Job,
        *,
        watch: Watch = UNWATCHED,
        threads: int | None = None,
    ) -> None:
        """Make every shard that is missing; the bits are those of any other engine.

        Raises:
            MissingExtraError: Ray is not installed.
            ServerError: there is no cluster at the address.
            StoreError: as ``fill``; or a worker failed.
        """
        here = replace(job, network=replace(job.network, device=devices[0]))
        fill(here, watch, how=partial(self._spread, devices=devices, threads=threads or 1))

    def _spread(self, work: Work, *, devices: Sequence[Device], threads: int) -> None:
        """Let actors make the shards that are unfinished, and look at each that is made."""
        numbers, job, left = unfinished(work.job.header, work.found), work.job, work.left()
        if not numbers:
            return
        with _cluster(self.address) as ray:
            several = (
                len(devices) if len(devices) > 1 else int(ray.cluster_resources().get("CPU", 1))
            )
            count = min(len(numbers), self.workers or max(1, several // threads))
            accounts: list[Account] = []
            for number, account in _made(ray, _packed(job), numbers, count, threads):
                look(job.path, job.header, work.found, number)
                if isinstance(account, StoreError):
                    raise account
                accounts += [account] if account is not None else []
                work.watch.progress(job.stage, job.target - work.left(), job.target)
                if work.stop.is_set():
                    break
        work.account = _whole(accounts, count)
        remaining = work.left()
        if remaining == left and not work.stop.is_set():
            raise StoreError(
                "the workers of Ray made no shard that is seen here; the folder of "
                f"{str(job.called or job.path)!r} must be one that all machines see"
            )
        if remaining:
            raise job.stopped(remaining)


class Maker:
    """An actor: makes the shards whose numbers it is given."""

    def __init__(self, packed: bytes, threads: int) -> None:
        self._job: Job = pickle.loads(packed)  # noqa: S301  our own, of this very run
        self._threads = threads

    def __call__(self, rows: Rows) -> Rows:
        """Make shards; return what it was like, or why it could not be done."""
        accounts = [self._tried(int(number)) for number in rows["number"]]
        told = np.empty(len(accounts), object)
        told[:] = [pickle.dumps(account) for account in accounts]
        return {"number": rows["number"], "account": told}

    def _tried(self, number: int) -> Account | StoreError | None:
        try:
            return self._make(number)
        except OnnxprobeError as error:  # raised here, it would come as pages of Ray's own words
            return StoreError(str(error))

    def _make(self, number: int) -> Account | None:
        job, found = self._job, Found(self._job.target, self._job.retry)
        look(job.path, job.header, found, number)
        work = Work(job, found, Event(), threads=self._threads)
        work.make(lacking(job.header, found, number), job.target)
        if work.account is not None:  # the network is loaded once for all shards
            self._job = replace(job, network=replace(job.network, loaded=work.network))
        return work.account


def _made(
    ray: Any, packed: bytes, numbers: Sequence[int], count: int, threads: int
) -> Iterator[tuple[int, Account | StoreError | None]]:
    """Yield the number of each shard as it is made, with its account, or why it is not whole."""
    data = ray.data
    data.DataContext.get_current().enable_progress_bars = False
    gpus = pickle.loads(packed).network.device.kind.memory != "cpu"  # noqa: S301
    items = data.from_items([{"number": n} for n in numbers], override_num_blocks=len(numbers))
    shards = items.map_batches(
        Maker,
        fn_constructor_args=(packed, threads),
        compute=data.ActorPoolStrategy(size=count),
        batch_size=1,
        num_cpus=threads,
        **({"num_gpus": 1} if gpus else {}),
    )
    for row in shards.iter_rows():
        yield int(row["number"]), pickle.loads(row["account"])  # noqa: S301


def _packed(job: Job) -> bytes:
    """Return a job as it travels: absolute paths, the weights inside where they fit.

    Its source opens its files again where it arrives.
    """
    model = job.network.model
    if length(pieces(model.proto)) < LIMIT:
        model = Model(onnx.load_from_string(dump(model.proto)), model.known)
    network = replace(
        job.network, model=model, loaded=None, device=replace(job.network.device, number=0)
    )
    return pickle.dumps(replace(job, path=job.path.resolve(), network=network, join=False))


def _whole(accounts: Sequence[Account], count: int) -> Account | None:
    if not accounts:
        return None
    whole = accounts[0]
    for later in accounts[1:]:
        whole = whole.then(later)
    return replace(
        whole,
        ran_on=whole.ran_on * count,
        seconds=whole.seconds / count,
        decoders=whole.decoders * count,
        runners=whole.runners * count,
        writers=count,
    )


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray  # noqa: PLC0415
        import ray.data  # noqa: PLC0415
    except ImportError as missing:
        raise MissingExtraError("--engine ray", "ray", extra="distributed") from missing
    ours = not ray.is_initialized()
    if ours:
        _begin(ray, address)
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _begin(ray: Any, address: str | None) -> None:
    try:
        ray.init(
            address=address,
            include_dashboard=None if address else False,
            logging_level=_ERRORS_ONLY,
            log_to_driver=False,
        )
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        if address is None:
            raise ServerError(f"Ray cannot be started: {error}") from error
        raise ServerError(
            f"no Ray cluster can be used at {address!r}: {error}; --address is HOST:PORT of its head, "
            "given on a machine of the cluster"
        ) from error
