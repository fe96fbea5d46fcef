"""Write a model that prepares its pictures itself, and measure how near it is to Python."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe import runtime
from onnxprobe.answers import Agreement, agreement
from onnxprobe.errors import ContractError
from onnxprobe.fuse import PROOF, with_metadata
from onnxprobe.graph.expose import expose
from onnxprobe.graph.load import load
from onnxprobe.graph.model import Model
from onnxprobe.graph.save import save
from onnxprobe.images import Preprocess
from onnxprobe.pixels.embedding import INPUT, with_preprocess

LEVELS: Final = 1.0
"""How far a prepared pixel may be from Python's, in levels of 0 to 255: OpenCV interpolates uint8 in
steps of 1/2048, so that a value near a half is rounded to the other side now and then."""
_SHAPES: Final = ((300, 400), (17, 23), (640, 360), (224, 224), (1021, 767), (97, 1203))
"""Pictures to compare on: larger, smaller, upright, exact, odd and very wide."""


@dataclass(frozen=True, slots=True)
class FromPixels:
    """How near a model is that prepares its pictures itself.

    Attributes:
        sizes: of the pictures that were compared, height and width.
        levels: the largest difference of a prepared pixel, in levels of 0 to 255.
        equal: share of the prepared numbers that are the same to the bit, 0 to 1.
        outputs: what the model answers, after Python's preparation against its own.
    """

    sizes: tuple[tuple[int, int], ...]
    levels: float
    equal: float
    outputs: tuple[Agreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)


def write_from_pixels(
    path: Path, out: Path, *, preprocess: Preprocess, outside: str = "link"
) -> FromPixels:
    """Write a file that takes raw pixels beside the model at ``path``, which stays as it is.

    Raises:
        ContractError: a prepared pixel is more than a level off; nothing is written.
        PicturesError, VersionError: as :func:`.with_preprocess`.
        RunError: one of the two does not load or run.
    """
    old = load(path)
    new = with_preprocess(old, preprocess)
    found = _compared(old, new, preprocess)
    if not found.levels <= LEVELS:
        raise ContractError(
            f"a prepared pixel would be {found.levels:.3g} levels of 255 off (allowed: {LEVELS:g}); "
            "nothing was written"
        )
    said = f"""{{"prepared": "within {found.levels:.2g} levels of 255 of Python's"}}"""
    save(with_metadata(new, {PROOF: said}), out, outside=outside)
    return found


def _compared(old: Model, new: Model, how: Preprocess) -> FromPixels:
    (name,) = old.inputs
    answers, own = runtime.Session(old), runtime.Session(expose(new, [name]))
    batch = old.value(name).shape
    count = batch[0] if batch and isinstance(batch[0], int) else 1
    before: list[dict[str, NDArray[Any]]] = []
    after: list[dict[str, NDArray[Any]]] = []
    for seed, shape in enumerate(_SHAPES):
        pictures = _drawn(shape, count, seed)
        sample = np.stack([how(picture) for picture in pictures])
        before.append({name: sample, **answers.run({name: sample})})
        after.append(own.run({INPUT: pictures}))
    pairs = [
        (b[name].astype(np.float64), a[name].astype(np.float64))
        for b, a in zip(before, after, strict=True)
    ]
    std = np.array(how.std).reshape((-1, 1, 1) if how.layout == "nchw" else (1, 1, -1))
    levels = max(float(np.abs((a - b) * std).max()) for a, b in pairs)
    equal = float(np.mean([(a == b).mean() for a, b in pairs]))
    outputs = tuple(
        agreement(output, [b[output] for b in before], [a[output] for a in after])
        for output in old.outputs
    )
    return FromPixels(_SHAPES, round(levels, 3), equal, outputs)


def _drawn(shape: tuple[int, int], count: int, seed: int) -> NDArray[np.uint8]:
    """Draw pictures with edges, noise and smooth parts, uint8 ``(count, h, w, 3)``."""
    rng, (height, width) = np.random.default_rng(seed), shape
    noise = rng.integers(0, 256, (count, height, width, 3))
    ramp = np.linspace(0, 255, width)[None, None, :, None] + np.zeros((count, height, 1, 3))
    blocks = rng.integers(0, 2, (count, height // 8 + 1, width // 8 + 1, 3)) * 255
    edges = blocks.repeat(8, axis=1).repeat(8, axis=2)[:, :height, :width]
    kind = np.arange(width)[None, None, :, None] * 3 // width
    return np.select([kind == 0, kind == 1], [noise, ramp], edges).astype(np.uint8)
