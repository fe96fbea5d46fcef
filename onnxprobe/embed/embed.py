"""Embed pictures: through a model, into a store that survives being killed."""

from collections.abc import Collection, Sequence
from pathlib import Path

from onnxprobe.devices import ON_CPU, Device
from onnxprobe.embed.devices import ALONE
from onnxprobe.embed.engines import LOCAL, Engine
from onnxprobe.embed.job import Job
from onnxprobe.embed.network import Loader, batch_size
from onnxprobe.embed.watch import Accounts, Extents, Watch, nobody
from onnxprobe.errors import NoSuchNameError, PicturesError, StoreError
from onnxprobe.graph.inline import showing
from onnxprobe.graph.model import Model
from onnxprobe.images import MAX_PIXELS, Preprocess, Source, Status, preprocess_for
from onnxprobe.probe import Probe, attach, width
from onnxprobe.progress import Progress, silent
from onnxprobe.store.account import Account
from onnxprobe.store.channels.tree import Tree
from onnxprobe.store.fingerprint import fingerprint
from onnxprobe.store.header import DTYPES, Header
from onnxprobe.store.manifest import manifest, sample_rows
from onnxprobe.store.resume import batch_of, shard_rows
from onnxprobe.store.sessions import note
from onnxprobe.store.store import Store
from onnxprobe.store.top import folder_of, full, write_top


def embed(  # noqa: PLR0913  every setting of the command
    model: Model,
    probes: Sequence[Probe],
    source: Source,
    store_path: str | Path,
    *,
    preprocess: Preprocess,
    sample: float | None = None,
    seed: int = 0,
    batch: int | None = None,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    dtype: str = "float32",
    retry: Collection[Status] = (),
    join: bool = False,
    devices: Sequence[Device] = (ON_CPU,),
    engine: Engine = LOCAL,
    progress: Progress = silent,
    account: Accounts = nobody,
) -> Store:
    """Run ``model`` over pictures and keep what flows at ``probes``.

    Pictures are taken in a seeded permutation, so that a sample is the beginning of the full run:
    asking again for more goes on where it ended, and the same call again goes on where it was
    stopped or killed. The files that result are, bit for bit, those of a run that was never
    stopped. Every picture has a row in the ledger, whatever became of it.

    Args:
        model: the backbone.
        probes: where to tap it; all of them in one pass.
        source: the pictures.
        store_path: the file on top; shards lie beside it in a folder ``….shards``.
        preprocess: what is done to a picture before the model sees it.
        sample: a share (a float, above 0 and at most 1) or a count of pictures; all by default.
        seed: of the permutation.
        batch: pictures per run of the model; by default what the model fixes, else 8, or 1 where
            the model turns out to count on it (a warning says so).
        threads: runs of the model at once, each on one core; all cores by default.
        max_pixels: a larger picture is refused by its header.
        dtype: in which vectors are stored, ``"float32"`` or ``"float16"``.
        retry: pictures of these statuses, such as ``FAILED``, are tried again.
        join: whether other processes may work on the store at the same time, which all say so;
            each makes shards that no other makes, and ends when all are made.
        devices: what to run the model on, see ``devices.devices_of``; a process each where there
            are several.
        engine: where the shards are made: here, or on a Ray cluster.
        progress: told how many pictures are done.
        account: told at the end where the model really ran, and what it waited for.

    Returns:
        The store, showing the pictures asked for, also where it holds more of them.

    Raises:
        PicturesError: the model takes no pictures, or cannot take them in batches; none of the
            pictures could be used.
        StoreError: the store is another one, is in use, or cannot be written; or the work was
            stopped by Ctrl-C or SIGTERM. What is done is kept.
        DeviceError: a device is not there; none is taken in its place.
        NoSuchNameError, PoolingError: there is no such ``dtype``; a probe does not fit the model.
    """
    path = _checked(Path(store_path))
    if dtype not in DTYPES:
        raise NoSuchNameError("type of stored vectors", dtype, DTYPES)
    if retry and (join or len(devices) > 1):
        raise StoreError(ALONE)
    preprocess_for(model, preprocess)
    order = manifest(source.names, seed=seed)
    target = sample_rows(len(order.names), sample)
    flat = showing(model, [probe.tensor for probe in probes])
    tapped, outputs = attach(flat, probes), [probe.output for probe in probes]
    size = batch_size(model, batch) or batch_of(path)
    network = Loader.of(tapped, outputs, preprocess, batch=size, devices=devices)
    header = Header(
        model=fingerprint(model),
        probes=tuple(map(str, probes)),
        preprocess=preprocess.to_json(),
        max_pixels=max_pixels,
        seed=seed,
        batch=network.batch,
        shard_rows=shard_rows(len(order.names), network.batch),
        pictures=len(order.names),
        names=order.digest,
        source=str(source.path),
        dtype=dtype,
        computed=devices[0].computes,
    )
    tree = Tree(folder_of(path))
    job = Job(
        path=path,
        header=header,
        order=order,
        target=target,
        source=source,
        widths=tuple(width(model, probe) for probe in probes),
        network=network,
        tree=tree,
        retry=frozenset(retry),
        join=join,
    )

    def done(shards: Extents) -> None:
        write_top(path, header, shards)
        tree.close(full(shards, header.shard_rows))

    def worked(session: Account) -> None:
        note(path, session)
        account(session)

    watch = Watch(done=done, progress=progress, account=worked)
    engine.fill(devices, job, watch=watch, threads=threads)
    store = Store.open(path).first(target)
    if not len(store):
        raise PicturesError(_none_good(store))
    return store


def _checked(path: Path) -> Path:
    if path.is_dir():
        raise StoreError(f"{str(path)!r} is a folder; a store is a file, such as embeddings.h5")
    if folder_of(path) == path:
        raise StoreError(f"{str(path)!r} is what the folder of shards is called; end it in .h5")
    return path


def _none_good(store: Store) -> str:
    ledger = store.part(slice(1))
    counts = ", ".join(f"{count} {status}" for status, count in store.statuses.items())
    return (
        f"none of the {store.pictures} pictures can be used: {counts} (e.g. {ledger.path[0]!r}: "
        f"{ledger.error[0]}); the ledger is in {str(store.path)!r}"
    )
