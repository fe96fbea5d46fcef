"""Pictures that show nothing: what no head should have an answer for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.devices import devices_of
from onnxprobe.graph.model import Model
from onnxprobe.probe import Probe, attach
from onnxprobe.progress import Progress, silent
from onnxprobe.recipe import Kept, Run
from recipes.vectors.whitening import Vectors

if TYPE_CHECKING:
    from onnxprobe.images import Preprocess

Picture = NDArray[np.uint8]
_EACH: Final = 20
"""Pictures of each kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Vectors of pictures that show nothing.

    Attributes:
        vectors: ``(m, D)`` float32, all views side by side.
    """

    vectors: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Tapped:
    """Where pictures become vectors.

    Attributes:
        model: the backbone.
        probes: of the views, in their order.
        preprocess: of the pictures.
        device: what it is run on.
        precision: what it computes in.
    """

    model: Model
    probes: tuple[Probe, ...]
    preprocess: "Preprocess"
    device: str
    precision: str


@dataclass(frozen=True)
class MadeUp:
    """Embed white noise, clouds, plain colours and stripes, twenty of each.

    Attributes:
        seed: of the pictures.
    """

    seed: int = 0

    def __call__(self, tapped: Tapped, *, progress: Progress = silent) -> Noise:
        """Return their vectors."""
        from onnxprobe.embed.network import Network

        device = devices_of(tapped.device, tapped.precision)[0]
        outputs = [probe.output for probe in tapped.probes]
        model = attach(tapped.model, tapped.probes)
        network = Network.of(model, outputs, tapped.preprocess, device=device)
        height, width = tapped.preprocess.size
        pictures = list(nothing(height, width, np.random.default_rng(self.seed)))
        found: list[Vectors] = []
        for answers in network.each(pictures):
            found.append(np.hstack([answers[name] for name in outputs]).astype(np.float32))
            progress("noise", sum(map(len, found)), len(pictures))
        return Noise(np.concatenate(found))


def noise(
    run: Run, probes: tuple[Probe, ...], embedding: Any, classifier: Any
) -> tuple[Kept[Noise], ...]:
    """Return what the backbone of ``run`` makes of them, where ``embedding`` runs it.

    None where ``classifier`` rejects nothing.
    """
    if getattr(classifier, "rejection", "none") == "none":
        return ()
    tapped = Tapped(run.model, probes, run.preprocess, embedding.device, embedding.precision)
    said = (run.model_sha256, *map(str, probes), run.preprocess.to_json())
    key = run.key("tapped", *said, embedding.device, embedding.precision)
    return (run.do("noise", MadeUp(), Kept(tapped, key)),)


def nothing(height: int, width: int, random: np.random.Generator) -> Iterator[Picture]:
    """Yield the pictures, RGB ``(height, width, 3)``."""
    import cv2

    shape = (height, width, 3)
    for number in range(_EACH):
        yield random.integers(0, 256, shape, np.uint8)
        yield np.broadcast_to(random.integers(0, 256, 3, np.uint8), shape).copy()
        fine = random.normal(size=shape).astype(np.float32)
        clouds = cv2.GaussianBlur(fine, (0, 0), max(height, width) / 2 ** (2 + number % 4))
        yield _stretched(clouds)
        along = random.uniform(-0.5, 0.5, 2) @ np.indices((height, width)).reshape(2, -1)
        waves = np.cos(along.reshape(height, width, 1) + random.uniform(0, 2 * np.pi, 3))
        yield _stretched(waves)


def _stretched(values: NDArray[np.floating]) -> Picture:
    low, high = values.min(), values.max()
    scaled = (values - low) * (255 / max(high - low, 1e-6))
    return np.asarray(scaled, np.uint8)
