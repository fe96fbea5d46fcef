"""A model made ready to be run over pictures, in batches of one fixed shape."""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch import baked
from onnxprobe.devices import ON_CPU, Device
from onnxprobe.embed.sizing import fastest
from onnxprobe.errors import DeviceError, PicturesError, RunError
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess, image_input
from onnxprobe.pixels import from_bytes
from onnxprobe.runtime import Session, halved

BATCH: Final = 8
"""Pictures per run where the model leaves it open. On a CPU each core runs batches of its own, so
that a few pictures are enough to make the most of the weights that are in its cache."""
_NEIGHBOUR_TOLERANCE: Final = 1e-3
"""Relative difference up to which the order of sums explains that a row changes with its place."""
LEAST_COSINE: Final = 0.999
"""Between a picture's rows in float16 and in float32: below, neighbours change places."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Network:
    """A session, and what it is fed.

    Attributes:
        session: the part of the model that is needed, one thread a run.
        feed: name of the input.
        outputs: names of the outputs, each ``(N, …)``.
        preprocess: from a picture to a sample; normalising is done in the session where it can be.
        batch: pictures per run, always this many.
        cosine: least cosine between what it says of a picture and what float32 says; 1 of float32.
    """

    session: Session
    feed: str
    outputs: tuple[str, ...]
    preprocess: Preprocess
    batch: int
    cosine: float = 1.0

    @classmethod
    def of(
        cls,
        model: Model,
        outputs: Sequence[str],
        preprocess: Preprocess,
        *,
        batch: int | None = None,
        device: Device = ON_CPU,
    ) -> "Network":
        """Load the part of ``model`` that computes ``outputs``, and try it (see ``check``).

        Where neither the model nor the caller says how many pictures a run takes, that is
        ``BATCH``; a model that cannot do so is run at one, and a warning says why.

        Raises:
            PicturesError: the model does not take pictures, or not ``batch`` of them.
            RunError: the runtime does not load it, or it does not run.
            DeviceError: the device is not there, or its float16 is too far from float32.
        """
        size = batch_size(model, batch)
        needed = extract(model, model.inputs, outputs)
        half = device.precision == "float16"
        loaded = halved(needed) if half and device.kind.converts else needed
        loaded, raw = from_bytes(loaded, preprocess)
        session = Session(loaded, threads=1, device=device)
        network = cls(session, loaded.inputs[0], tuple(outputs), raw, size or BATCH)
        try:
            network.check()
        except PicturesError as error:
            if size is not None:
                raise
            network = replace(network, batch=1)
            network.check()
            warnings.warn(
                f"{error}; they are run one at a time{_because(model)}",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            if size is None and device.kind.memory != "cpu":
                network = network.sized()
        if not half:
            return network
        exact_model, _ = from_bytes(needed, preprocess)
        exact = Session(exact_model, threads=1, device=replace(device, precision="float32"))
        return replace(network, cosine=network.agreeing(exact))

    def run(self, samples: NDArray[Any]) -> Arrays:
        """Run one full batch."""
        return self.session.steadily(self.feed, samples, self.outputs)

    def each(self, pictures: Sequence[NDArray[np.uint8]]) -> Iterator[Arrays]:
        """Run decoded pictures, RGB ``(h, w, 3)``, batch by batch; yield a row for each of them."""
        prepare = self.preprocess
        for start in range(0, len(pictures), self.batch):
            some = pictures[start : start + self.batch]
            samples = np.zeros((self.batch, *prepare.shape), prepare.dtype)
            for picture, slot in zip(some, samples, strict=False):
                prepare(picture, slot)
            yield {name: rows[: len(some)] for name, rows in self.run(samples).items()}

    def sized(self) -> "Network":
        """Return the same network, with as many pictures a run as the device is fastest with."""
        return replace(self, batch=fastest(lambda n: self.run(self._noise(n)), start=self.batch))

    def check(self) -> None:
        """Make sure that a picture's rows depend neither on its neighbours nor on their number.

        Some exports write the batch into a Reshape, some normalise over the batch. The batch is
        rolled, and where the model takes any number its first picture is run alone.

        Raises:
            PicturesError: they do; the message says by how much, or what came instead.
        """
        samples = self._noise()
        try:
            with ThreadPoolExecutor(2) as pool:
                straight, rolled = pool.map(self.run, (samples, np.roll(samples, 1, axis=0)))
        except RunError as error:
            if self.batch == 1:
                raise
            raise PicturesError(
                f"the model takes any number of pictures but does not run on {self.batch} ({error})"
            ) from error
        for name in self.outputs:
            self._compare(name, straight[name], rolled[name])
        if self.batch > 1 and not isinstance(self._takes, int):
            alone = self.run(samples[:1])
            for name in self.outputs:
                self._require_close(name, straight[name][:1], alone[name], "its neighbours' number")

    @property
    def _takes(self) -> object:
        """The batch that the session's input declares."""
        shape = self.session.inputs[0].shape
        return shape[0] if shape else None

    def _noise(self, batch: int | None = None) -> NDArray[Any]:
        rng = np.random.default_rng(0)
        count = batch or self.batch
        pixels = rng.integers(0, 256, (count, *self.preprocess.size, 3), dtype=np.uint8)
        return np.stack([self.preprocess(picture) for picture in pixels])

    def agreeing(self, exact: Session) -> float:
        """Return the least cosine between a picture's rows here and from ``exact``.

        Raises:
            DeviceError: it is too small.
        """
        samples = self._noise()
        mine, theirs = self.run(samples), exact.steadily(self.feed, samples, self.outputs)
        least = min((_cosine(mine[name], theirs[name]) for name in self.outputs), default=1.0)
        if not least >= LEAST_COSINE:
            raise DeviceError(
                f"in {self.session.device.precision} the model says something else than in float32 "
                f"(a cosine of {least:.4f} where {LEAST_COSINE} is the least); say float32"
            )
        return least

    def _compare(self, name: str, straight: NDArray[Any], rolled: NDArray[Any]) -> None:
        if straight.ndim == 0 or len(straight) != self.batch:
            raise PicturesError(
                f"output {name!r} is {list(straight.shape)} for {self.batch} pictures, not one row "
                "each"
            )
        self._require_close(name, straight, np.roll(rolled, -1, axis=0), "its neighbours")

    @staticmethod
    def _require_close(
        name: str, straight: NDArray[Any], again: NDArray[Any], changed: str
    ) -> None:
        if straight.shape != again.shape:
            raise PicturesError(
                f"output {name!r} is {list(again.shape)} for one picture, not one row"
            )
        if straight.dtype.kind != "f" or not np.isfinite([straight, again]).all():
            return
        change, scale = np.abs(straight - again).max(initial=0), np.abs(straight).max(initial=0)
        if change > _NEIGHBOUR_TOLERANCE * scale:
            raise PicturesError(
                f"what the model says of a picture changes with {changed} in the batch "
                f"({name!r} by {change / scale:.1%})"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Loader:
    """Loads a network, in this process or another one; see ``Network.of``.

    Attributes:
        model: whose outputs are wanted.
        outputs: their names.
        preprocess: from a picture to a sample.
        batch: pictures per run.
        device: what it is run on.
        loaded: what loading gave already.
    """

    model: Model
    outputs: tuple[str, ...]
    preprocess: Preprocess
    batch: int
    device: Device = ON_CPU
    loaded: Network | None = None

    def __call__(self) -> Network:
        """Load it."""
        if self.loaded is not None:
            return self.loaded
        return Network.of(
            self.model, self.outputs, self.preprocess, batch=self.batch, device=self.device
        )

    @classmethod
    def of(
        cls,
        model: Model,
        outputs: Sequence[str],
        preprocess: Preprocess,
        *,
        batch: int | None,
        devices: Sequence[Device],
    ) -> "Loader":
        """Return what loads a network; where nobody says the batch, it is loaded to find out.

        Raises:
            PicturesError, RunError, DeviceError: as ``Network.of``.
        """
        loaded = None
        if batch is None:
            loaded = Network.of(model, outputs, preprocess, device=devices[0])
            batch = loaded.batch
        alone = loaded if len(devices) == 1 else None  # a network stays in its process
        return cls(model, tuple(outputs), preprocess, batch, devices[0], alone)


def _cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the least cosine of two rows; single numbers have no direction."""
    a, b = (x.reshape(len(x), -1).astype(np.float64) for x in (one, other))
    if a.shape[1] < 2 or one.dtype.kind != "f":  # noqa: PLR2004
        return 1.0
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    tiny = np.finfo(np.float64).tiny
    found = np.where(
        lengths > tiny, (a * b).sum(axis=1) / np.maximum(lengths, tiny), (a == b).all(1)
    )
    return float(found.min(initial=1.0))


def _because(model: Model) -> str:
    """Name the first node that hard-codes the batch, and say what mends it."""
    places = baked(model)
    if not places:
        return ""
    return f": {places[0]}; repair with: onnxprobe batch MODEL -o OUT"


def batch_size(model: Model, asked: int | None) -> int | None:
    """Return how many pictures a run takes: what is ``asked``, or what the model fixes, if any.

    Raises:
        PicturesError: the model takes no pictures, or not as many as ``asked``.
    """
    fixed = image_input(model).batch
    if asked is not None and asked < 1:
        raise PicturesError(f"a batch is one picture or more, not {asked}")
    if asked is not None and fixed is not None and asked != fixed:
        raise PicturesError(
            f"the model takes {fixed} pictures a run, not {asked}; leave the batch out"
        )
    return asked or fixed
