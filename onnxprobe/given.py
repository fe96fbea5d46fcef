"""What a user gives to run models on: arrays in a file, or pictures."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch.pinned import batched_inputs
from onnxprobe.errors import PicturesError, RunError, quoted
from onnxprobe.graph.model import Model
from onnxprobe.images import MAX_PIXELS, Preprocess, Source, image_input, longest

Arrays = Mapping[str, NDArray[Any]]
ROWS: Final = 32
"""Rows in a run, where the model leaves the batch open."""
PICTURES: Final = 64
"""Pictures that are looked at, where a source has more."""


def arrays(path: Path, model: Model) -> tuple[Arrays, ...]:
    """Return what an ``.npz`` file holds for ``model``, cut into runs of the batch it takes.

    The file has an array for each input, under its name. Where the last run is short of rows and
    the batch is fixed, its last row is repeated.

    Raises:
        RunError: it is no such file, or holds other names, types or numbers of rows.
    """
    found = _read(path)
    if set(found) != set(model.inputs):
        holds = quoted(found) or "nothing"
        call = ", ".join(f"{name}=…" for name in model.inputs)
        raise RunError(
            f"{str(path)!r} holds {holds}, but the model reads {quoted(model.inputs)}; write it "
            f"with: numpy.savez({path.name!r}, {call})"
        )
    for name, array in found.items():
        wanted = model.values[name].dtype
        if wanted is not None and str(array.dtype) != wanted:
            raise RunError(
                f"{name!r} is {array.dtype} in {str(path)!r}, but the model reads {wanted}"
            )
    batched = [name for name in batched_inputs(model) if found[name].ndim]
    counts = {len(found[name]) for name in batched}
    if len(counts) > 1:
        rows = ", ".join(f"{len(found[name])} rows of {name!r}" for name in batched)
        raise RunError(f"{str(path)!r} holds {rows}; they must be as many of each")
    return tuple(_runs(found, batched, _size(model, batched), max(counts, default=1)))


def pictures(
    source: Source, model: Model, preprocess: Preprocess, *, count: int = PICTURES, seed: int = 0
) -> tuple[Arrays, ...]:
    """Return ``count`` pictures of ``source``, drawn at random, as runs of the batch ``model`` takes.

    Those that cannot be read or decoded are passed over for others.

    Raises:
        PicturesError: none can be read and decoded, or the model takes no pictures.
    """
    name = image_input(model).name
    order = np.random.default_rng(seed).permutation(len(source.names))
    samples: list[NDArray[Any]] = []
    for index in order:
        if len(samples) == count:
            break
        try:
            data = source.read(source.names[index], longest(MAX_PIXELS))
        except OSError:
            continue
        picture = preprocess.decode(data)
        if picture.pixels is not None:
            samples.append(preprocess(picture.pixels))
    if not samples:
        raise PicturesError(f"none of the pictures in {str(source.path)!r} can be read and decoded")
    stacked = {name: np.stack(samples)}
    return tuple(_runs(stacked, [name], _size(model, [name]), len(samples)))


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (AttributeError, EOFError, TypeError, ValueError, zipfile.BadZipFile):
        raise RunError(
            f"{str(path)!r} is not an .npz file of arrays; write one with numpy.savez"
        ) from None


def _size(model: Model, batched: list[str]) -> int | None:
    """Return the batch that the model fixes, if it does."""
    firsts = [(model.values[name].shape or (None,))[0] for name in batched]
    return next((size for size in firsts if isinstance(size, int)), None)


def _runs(found: Arrays, batched: list[str], fixed: int | None, rows: int) -> Iterator[Arrays]:
    step = ROWS if fixed is None else fixed
    for start in range(0, rows, step):
        stop = start + step if fixed is not None else min(start + step, rows)
        own = range(start, stop)
        yield {
            name: array.take(own, 0, mode="clip") if name in batched else array
            for name, array in found.items()
        }
