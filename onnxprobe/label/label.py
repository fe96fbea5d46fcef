"""Run a fused model over pictures, and compare what its heads say with what was to be expected."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from onnxprobe.atomic import replacing
from onnxprobe.devices import ON_CPU, Device
from onnxprobe.embed.engines import LOCAL, Engine
from onnxprobe.embed.job import Job
from onnxprobe.embed.network import Loader, batch_size
from onnxprobe.embed.watch import Accounts, Extents, Watch, nobody
from onnxprobe.errors import OnnxprobeError, PicturesError
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.images import MAX_PIXELS, Preprocess, Source, preprocess_for
from onnxprobe.label.answers import chunks
from onnxprobe.label.formats import format_of
from onnxprobe.label.heads import Head, heads_of
from onnxprobe.label.labels import Labels, labels
from onnxprobe.label.parts import part_of
from onnxprobe.label.tally import Tally
from onnxprobe.progress import Progress, silent
from onnxprobe.store.disk import refused
from onnxprobe.store.fingerprint import fingerprint
from onnxprobe.store.header import Header
from onnxprobe.store.manifest import in_order
from onnxprobe.store.resume import batch_of, header_of, shard_rows
from onnxprobe.store.top import folder_of


def label(  # noqa: PLR0913  every setting of the command
    model: Model | Path,
    source: Source,
    out: str | Path,
    *,
    preprocess: Preprocess | None = None,
    by: str | None = None,
    expected: Path | None = None,
    confidence: float = 0.95,
    batch: int | None = None,
    threads: int | None = None,
    max_pixels: int = MAX_PIXELS,
    devices: Sequence[Device] = (ON_CPU,),
    engine: Engine = LOCAL,
    progress: Progress = silent,
    account: Accounts = nobody,
) -> Labels:
    r"""Write what the heads of ``model`` say of every picture to the file ``out``.

    One row a picture, sorted by path: ``path``, ``id`` (−1 for none of the classes), ``name``,
    ``confidence``, and ``status``, what became of the picture; what is not ``ok`` has no id, name
    or confidence. Of detectors, ``ids`` holds every class the picture is in. With several heads
    these columns are there for each, behind its prefix. A path that is not UTF-8 has its odd bytes
    written as ``\xff``. An HDF5 file holds the same as arrays, ``member`` and ``scores`` ``(n, K)``
    instead of ``ids``.

    While the work goes on, its results are kept in the folder ``….shards`` beside ``out``: after a
    kill the same call goes on there, and what results is the same, bit for bit. Once the file is
    written the folder is removed.

    Args:
        model: a fused model.
        source: the pictures.
        out: the file, ``.parquet`` or ``.h5``; it is there whole or not at all.
        preprocess: what is done to a picture first; by default what the model says of itself.
        by: what tells parts of the pictures apart, to look for drift between them (see
            ``parts.part_of``).
        expected: ``run.json`` of the run that made the model, for expected shares; by default what
            the model says of itself.
        confidence: with which an unchanged share stays inside its interval, above 0, below 1.
        batch: pictures per run; by default what the model fixes, else 8.
        threads: runs at once, each on one core; all cores by default.
        max_pixels: a larger picture is refused by its header.
        devices: what to run the model on; a process each where there are several.
        engine: where the work is done: here, or on a Ray cluster.
        progress: told how many pictures are done.
        account: told at the end where the model really ran, and what it waited for.

    Returns:
        How many pictures have each status and each class, and how that compares.

    Raises:
        OnnxprobeError: the model has no head, or the file cannot be written.
        PicturesError: the model takes no pictures; ``by`` cannot be read, or names none; or none can
            be used, which the file says.
        DeviceError: a device is not there; none is taken in its place.
        StoreError: the folder beside ``out`` is of other work or in use; or the work was stopped.
    """
    if not 0 < confidence < 1:
        raise OnnxprobeError(f"a confidence is above 0 and below 1, such as 0.95, not {confidence}")
    model = load(model) if isinstance(model, Path) else model
    heads, path = heads_of(model, expected), _checked(Path(out))
    tally = Tally(heads, part_of(by, source.names) if by else _whole)
    prepared, _ = preprocess_for(model, preprocess)
    job = _job(
        model,
        heads,
        source,
        path,
        preprocess=prepared,
        batch=batch,
        max_pixels=max_pixels,
        devices=devices,
    )

    _require_same(job)

    def finish(shards: Extents) -> None:
        _write(job, path, tally, len(shards), confidence)
        shutil.rmtree(folder_of(job.path))

    watch = Watch(finished=finish, progress=progress, account=account)
    engine.fill(devices, job, watch=watch, threads=threads)
    if not tally.statuses["ok"]:
        raise PicturesError(
            f"none of the {job.target} pictures in {str(source.path)!r} can be used; {str(path)!r} "
            "says why of each"
        )
    return labels(tally, by=by, confidence=confidence)


def _job(  # noqa: PLR0913
    model: Model,
    heads: Sequence[Head],
    source: Source,
    out: Path,
    *,
    preprocess: Preprocess,
    batch: int | None,
    max_pixels: int,
    devices: Sequence[Device],
) -> Job:
    outputs = [name for head in heads for name in head.outputs]
    path = out.with_name(f"{out.name}.h5")  # never written; its shards lie in ….shards
    size = batch_size(model, batch) or batch_of(path)
    network = Loader.of(model, outputs, preprocess, batch=size, devices=devices)
    order = in_order(source.names)
    header = Header(
        model=fingerprint(model),
        probes=tuple(outputs),
        preprocess=preprocess.to_json(),
        max_pixels=max_pixels,
        seed=0,
        batch=network.batch,
        shard_rows=shard_rows(len(order.names), network.batch),
        pictures=len(order.names),
        names=order.digest,
        source=str(source.path),
        computed=devices[0].computes,
    )
    return Job(
        path=path,
        header=header,
        order=order,
        target=len(order.names),
        source=source,
        widths=tuple(width for head in heads for width in head.widths),
        network=network,
        stage="label",
        called=folder_of(path),
    )


def _require_same(job: Job) -> None:
    """Check that the folder beside the file, where there is one, is of the same work."""
    folder = folder_of(job.path)
    begun = header_of(job.path)
    if begun is not None:
        begun.require_same(job.header, folder)


def _whole(_: str) -> str:
    return "all"


def _checked(path: Path) -> Path:
    format_of(path)
    if path.is_dir():
        raise OnnxprobeError(f"{str(path)!r} cannot be written: it is a folder")
    return path


def _write(job: Job, path: Path, tally: Tally, shards: int, confidence: float) -> None:
    def facts() -> str:
        found = labels(tally, by=None, confidence=confidence)
        made_of = {"model": job.header.model, "preprocess": json.loads(job.header.preprocess)}
        return json.dumps(made_of | asdict(found), ensure_ascii=True)

    for leftover in path.parent.glob(f".{path.name}.*.tmp"):  # of a process that was killed
        leftover.unlink()
    counted = tally.watching(chunks(folder_of(job.path), shards, tally.heads))
    try:
        with replacing(path) as temporary:
            format_of(path).write(temporary, counted, tally.heads, job.target, facts)
    except OSError as error:
        raise refused(path, error, "what was labelled is kept; ") from error
