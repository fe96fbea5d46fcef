"""Embedding end to end against its limit, measured in the same run on the same threads.

    python benchmarks/embed.py [--pictures 4096] [--repeats 3] [--sets crops,photos,large] [--device cuda]

The limit: every picture must be decoded and run. ``run`` is the bare model on floats in memory and
``decode`` the bare threaded decoding and scaling, each alone on all cores. On a CPU both share the cores, so the
limit is 1 / (1/run + 1/decode); with a GPU, which runs while the cores decode, the slower of the two.
Beside it stands the loop that most people write: one
picture after the other, one session on all cores. Everything is measured in turns, and the limit
both before and after what is compared with it, so that other load on the machine, or a clock that
changes, falls on all alike; read the ratios. The ratio of CPU times depends little on other load,
and shows what the engine itself costs.
"""

import argparse
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import cv2
import h5py
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from onnxprobe.devices import ON_CPU, Device, devices_of
from onnxprobe.embed import embed
from onnxprobe.embed.network import Network
from onnxprobe.embed.quiet import quiet_opencv
from onnxprobe.embed.stream import crews
from onnxprobe.graph.extract import extract
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess, Source, open_source, preprocess_for
from onnxprobe.machine import cores
from onnxprobe.probe import Probe, attach
from onnxprobe.report.pictures import account_text
from onnxprobe.runtime import Session
from onnxprobe.store.account import Account

HERE = Path(__file__).resolve().parent.parent
SETS = {"crops": (112, 112), "photos": (375, 500), "large": (3000, 4000)}
"""Height and width of the pictures of each set."""
DISTINCT = 48
"""Different pictures in a set; the rest are links to them, so that generating takes seconds."""


@dataclass
class Job:
    """What is embedded, and how."""

    model: Model
    probe: Probe
    preprocess: Preprocess
    source: Source
    network: Network
    bare: Session
    threads: int = field(default_factory=cores)
    devices: tuple[Device, ...] = (ON_CPU,)

    @cached_property
    def held(self) -> list[NDArray[Any]]:
        """Some batches of the pictures, in memory."""
        size = self.network.batch
        some = [self.source.read(name) for name in self.source.names[: 6 * size]]
        pixels = [self.preprocess.decode(data).pixels for data in some]
        samples = np.stack([self.preprocess(found) for found in pixels if found is not None])
        return [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]

    @property
    def batches(self) -> list[range]:
        """All pictures, in batches."""
        total, size = len(self.source.names), self.network.batch
        return [range(i, min(i + size, total)) for i in range(0, total, size)]


def bare_run(job: Job) -> None:
    """Run the model on floats that are in memory, one thread a run, as many runs as cores."""
    _, runners = crews(job.network, job.source, job.threads)
    held = cycle(job.held)
    feed, outputs = job.model.inputs[0], job.network.outputs
    with ThreadPoolExecutor(runners) as pool:
        futures = [pool.submit(job.bare.steadily, feed, next(held), outputs) for _ in job.batches]
        for future in futures:
            future.result()


def bare_run_usual(job: Job) -> None:
    """The same with one run at a time on all cores, as a session does by default."""
    session = Session(attach(job.model, [job.probe]), device=job.devices[0])
    samples = np.zeros((32, *job.preprocess.shape), job.preprocess.dtype)
    for _ in range(-(-len(job.source.names) // 32)):
        session.run({job.model.inputs[0]: samples}, [job.probe.output])


def bare_decode(job: Job) -> None:
    """Read, decode and scale every picture, on all cores; normalising them is not counted here."""

    def one(name: str) -> None:
        picture = job.network.preprocess.decode(job.source.read(name))
        if picture.pixels is not None:
            job.network.preprocess(picture.pixels)

    with quiet_opencv(), ThreadPoolExecutor(job.threads) as pool:
        list(pool.map(one, job.source.names))


def end_to_end(job: Job) -> None:
    """Call ``embed`` with a store on disk, everything included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.h5"
        embed(
            job.model,
            [job.probe],
            job.source,
            path,
            preprocess=job.preprocess,
            devices=job.devices,
        )


def start_up(job: Job) -> None:
    """Call ``embed`` for one picture: what loading, checking and writing cost once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.h5"
        embed(
            job.model,
            [job.probe],
            job.source,
            path,
            preprocess=job.preprocess,
            devices=job.devices,
            sample=1,
        )


def usual_loop(job: Job) -> None:
    """What most people write: read, resize, collect a batch, run it, append to one HDF5 file."""
    session = Session(attach(job.model, [job.probe]), device=job.devices[0])
    h, w = job.preprocess.size
    with tempfile.TemporaryDirectory() as folder, h5py.File(Path(folder) / "e.h5", "w") as file:
        for part in _chunks(list(job.source.names), 64):
            samples = []
            for name in part:
                picture = cv2.imread(str(job.source.path / name))
                if picture is not None:
                    pixels = cv2.resize(picture, (w, h))[..., ::-1]
                    samples.append(((pixels - 127.0) / 128.0).transpose(2, 0, 1))
            batch = np.array(samples, np.float32)
            rows = session.run({job.model.inputs[0]: batch}, [job.probe.output])[job.probe.output]
            if "x" not in file:
                file.create_dataset("x", (0, rows.shape[1]), "f4", maxshape=(None, rows.shape[1]))
            file["x"].resize(len(file["x"]) + len(rows), axis=0)
            file["x"][-len(rows) :] = rows


def _chunks(names: list[str], size: int) -> Iterator[list[str]]:
    for i in range(0, len(names), size):
        yield names[i : i + size]


MEASURED: dict[str, Callable[[Job], None]] = {
    "run": bare_run,
    "run, all cores on one": bare_run_usual,
    "decode": bare_decode,
    "embed": end_to_end,
    "start": start_up,
    "usual loop": usual_loop,
}


TURNS = (
    "decode",
    "run",
    "embed",
    "run",
    "decode",
    "start",
    "usual loop",
    "run, all cores on one",
)
"""What is measured in each repeat, in this order; of what is there twice the mean counts."""


def make_pictures(folder: Path, size: tuple[int, int], count: int) -> Source:
    """Write ``count`` JPEGs of emoji on a textured ground, about as hard to decode as photos."""
    emoji, rng = open_source(HERE / "examples" / "noto-emoji.tar"), np.random.default_rng(0)
    folder.mkdir()
    for i in range(count):
        path = folder / f"{i:06d}.jpg"
        if i >= DISTINCT:
            os.link(folder / f"{i % DISTINCT:06d}.jpg", path)
            continue
        data = cv2.imencode(".jpg", _picture(emoji, size, rng), [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
        path.write_bytes(data.tobytes())
    return open_source(folder)


def _picture(emoji: Source, size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    h, w = size
    coarse = rng.normal(size=(max(2, h // 12), max(2, w // 12), 3)).astype(np.float32)
    ground = 128 + 40 * cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
    ground += rng.normal(scale=4, size=ground.shape).astype(np.float32)
    for _ in range(6):
        name = emoji.names[rng.integers(len(emoji.names))]
        side = int(min(h, w) * rng.uniform(0.2, 0.5))
        shown = Preprocess(size=(side, side), mean=(0,), std=(1,), layout="nhwc", dtype="uint8")
        pixels = shown.decode(emoji.read(name)).pixels
        if pixels is not None:
            y, x = rng.integers(h - side + 1), rng.integers(w - side + 1)
            ground[y : y + side, x : x + side] = shown(pixels)
    return ground.clip(0, 255).astype(np.uint8)


def account(job: Job) -> Account:
    """Return what ``embed`` itself says of where it ran and what it waited for."""
    found: list[Account] = []
    with tempfile.TemporaryDirectory() as folder:
        embed(
            job.model,
            [job.probe],
            job.source,
            Path(folder) / "e.h5",
            preprocess=job.preprocess,
            devices=job.devices,
            account=found.append,
        )
    return found[0]


def limits(job: Job, run: list[float], decode: list[float]) -> list[float]:
    """Return the least seconds that both stages take: on a CPU they share the cores."""
    together = max if job.devices[0].kind.memory != "cpu" else sum
    return [together(two) for two in zip(run, decode, strict=True)]


def report(name: str, job: Job, repeats: int) -> None:
    """Measure everything in turns and print it."""
    total = len(job.source.names)
    wall: dict[str, list[float]] = {what: [] for what in MEASURED}
    cpu: dict[str, list[float]] = {what: [] for what in MEASURED}
    for _ in range(repeats):
        walls: dict[str, list[float]] = {what: [] for what in MEASURED}
        cpus: dict[str, list[float]] = {what: [] for what in MEASURED}
        for what in TURNS:
            began, used = perf_counter(), process_time()
            MEASURED[what](job)
            walls[what].append(perf_counter() - began)
            cpus[what].append(process_time() - used)
        for what in MEASURED:
            wall[what].append(statistics.mean(walls[what]))
            cpu[what].append(statistics.mean(cpus[what]))
    print(f"\n{name}: {total} pictures of {SETS[name][1]}×{SETS[name][0]}, {repeats} repeats")
    for what in ("run", "run, all cores on one", "decode", "embed", "usual loop"):
        print(
            f"  {what:<24}{_spread([total / seconds for seconds in wall[what]], '9.1f')} pictures/s"
        )
    for what, seconds in (("wall time", wall), ("CPU time", cpu)):
        limit = limits(job, seconds["run"], seconds["decode"])
        whole = [n / e for n, e in zip(limit, seconds["embed"], strict=True)]
        batch = job.network.batch / total * (job.threads if seconds is wall else 1)
        steady = [
            n / (e - s + batch * r)  # the start embeds one batch as well
            for n, e, s, r in zip(
                limit, seconds["embed"], seconds["start"], seconds["run"], strict=True
            )
        ]
        print(f"  share of the limit, by {what:<10}{_spread(whole, '6.3f')}")
        print(
            f"    without the start, {statistics.median(seconds['start']):.2f} s {_spread(steady)}"
        )
    usual = [u / e for u, e in zip(wall["usual loop"], wall["embed"], strict=True)]
    print(f"  times the usual loop    {_spread(usual, '9.2f')}")
    print(f"  {account_text(account(job))}")


def _spread(values: list[float], width: str = "9.3f") -> str:
    return f"{statistics.median(values):{width}}  ({min(values):.3g} to {max(values):.3g})"


def main() -> None:
    """Measure the sets that were asked for."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--model", type=Path, default=HERE / "models" / "efficientnet-lite0.onnx")
    ask.add_argument("--tensor", default="head.relu6")
    ask.add_argument("--pictures", type=int, default=4096)
    ask.add_argument("--device", default="cpu")
    ask.add_argument("--precision", default="float32")
    ask.add_argument("--repeats", type=int, default=3)
    ask.add_argument("--sets", default="crops,photos")
    said = ask.parse_args()
    model, probe = load(said.model), Probe(said.tensor, "mean")
    preprocess, _ = preprocess_for(model)
    devices = devices_of(said.device, said.precision)
    tapped = attach(model, [probe])
    network = Network.of(tapped, [probe.output], preprocess, device=devices[0])
    needed = extract(tapped, tapped.inputs, [probe.output])
    bare = Session(needed, threads=1, device=devices[0])
    load_before = os.getloadavg()[0]
    print(
        f"{said.model.name} at {probe}; {cores()} cores, {platform.processor() or platform.machine()}; "
        f"onnxruntime {onnxruntime.__version__}, OpenCV {cv2.__version__}, numpy {np.__version__}, "
        f"Python {platform.python_version()}; load of the machine before: {load_before:.1f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in said.sets.split(","):
            source = make_pictures(Path(folder) / name, SETS[name], said.pictures)
            job = Job(model, probe, preprocess, source, network, bare, devices=devices)
            report(name, job, said.repeats)


if __name__ == "__main__":
    main()
