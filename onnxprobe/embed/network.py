"""A model made ready to be run over pictures, in batches of one fixed shape."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.errors import PicturesError, RunError
from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model
from onnxprobe.images import Preprocess, image_input
from onnxprobe.runtime import Session

BATCH: Final = 8
"""Pictures per run where the model leaves it open. On a CPU each core runs batches of its own, so
that a few pictures are enough to make the most of the weights that are in its cache."""
_NEIGHBOUR_TOLERANCE: Final = 1e-3
"""Relative difference up to which the order of sums explains that a row changes with its place."""

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Network:
    """A session, and what it is fed.

    Attributes:
        session: the part of the model that is needed, one thread a run.
        feed: name of the input.
        outputs: names of the outputs, each ``(N, …)``.
        preprocess: from a picture to a sample.
        batch: pictures per run, always this many.
    """

    session: Session
    feed: str
    outputs: tuple[str, ...]
    preprocess: Preprocess
    batch: int

    @classmethod
    def of(
        cls,
        model: Model,
        outputs: Sequence[str],
        preprocess: Preprocess,
        *,
        batch: int | None = None,
    ) -> "Network":
        """Load the part of ``model`` that computes ``outputs``.

        Raises:
            PicturesError: the model does not take pictures, or not ``batch`` of them.
            RunError: the runtime does not load it.
        """
        size = batch_size(model, batch)
        needed = extract(model, model.inputs, outputs)
        return cls(Session(needed, threads=1), model.inputs[0], tuple(outputs), preprocess, size)

    def run(self, samples: NDArray[Any]) -> Arrays:
        """Run one full batch."""
        return self.session.run({self.feed: samples}, self.outputs)

    def check(self) -> Arrays:
        """Make sure that a picture's rows do not depend on its neighbours in the batch.

        Some exports write the batch into a Reshape, some normalise over the batch.

        Returns:
            The outputs for a batch of noise, for their shapes.

        Raises:
            PicturesError: they do; the message says by how much, or what came instead.
        """
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (self.batch, *self.preprocess.size, 3), dtype=np.uint8)
        samples = np.stack([self.preprocess(picture) for picture in pixels])
        try:
            straight, rolled = self.run(samples), self.run(np.roll(samples, 1, axis=0))
        except RunError as error:
            if self.batch == 1:
                raise
            raise PicturesError(
                f"the model does not run on {self.batch} pictures at once ({error}); ask for "
                "batches of 1"
            ) from error
        for name in self.outputs:
            self._compare(name, straight[name], np.roll(rolled[name], -1, axis=0))
        return straight

    def _compare(self, name: str, one: NDArray[Any], other: NDArray[Any]) -> None:
        if one.ndim == 0 or len(one) != self.batch:
            raise PicturesError(
                f"output {name!r} is {list(one.shape)} for {self.batch} pictures, not one row each"
                + ("; ask for batches of 1" if self.batch > 1 else "")
            )
        if one.dtype.kind != "f":
            return
        scale = np.abs(one).max(initial=0)
        change = np.abs(one - other).max(initial=0)
        if np.isfinite(scale) and change > _NEIGHBOUR_TOLERANCE * scale:
            raise PicturesError(
                f"what the model says of a picture changes with its neighbours in the batch "
                f"({name!r} by {change / scale:.1%}); ask for batches of 1"
            )


def batch_size(model: Model, asked: int | None) -> int:
    """Return how many pictures a run takes: what the model fixes, what is ``asked``, or ``BATCH``.

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
    return asked or fixed or BATCH


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
