"""Sets of embeddings in which it is known what there is to find."""

import csv
import gzip
import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.load import load
from onnxprobe.graph.midcuts import mid_cuts, views
from onnxprobe.graph.pick import pick
from onnxprobe.probe import Probe, attach
from onnxprobe.runtime import Session
from recipes.embedding import Embedding

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
Picture = NDArray[np.uint8]

ROOT: Final = Path(__file__).resolve().parent.parent
FASHION: Final = Path("/usr/share/datasets/fashion-mnist")  # Debian: dataset-fashion-mnist
SIDE: Final = 224
PLANTED: Final = {
    "inverted": 60,
    "blurred": 90,
    "barred": 120,
    "jpeg": 150,
    "noisy": 180,
    "rotated": 210,
    "tinted": 240,
    "hidden": 60,
}


@dataclass(frozen=True)
class Known:
    """Embeddings, and what is in them.

    Attributes:
        name: what the table calls it.
        views: name to ``(n, d)``; the pick comes first.
        center: the origin's view: the centre of the pick.
        truth: ``(n,)`` what a method is to find, 1 up; 0 for none.
        names: of the truths, from 1.
        also: other labels ``(n,)`` under which a group is no invention; −1 for none.
    """

    name: str
    views: dict[str, Vectors]
    center: Vectors
    truth: Labels
    names: tuple[str, ...]
    also: Labels


def fashion(rows: int = 12_000) -> Known:
    """Fashion-MNIST with eight ways of looking different planted in 0.5 to 2 % each."""
    images = _idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    classes = _idx("train-labels-idx1-ubyte.gz", 8)
    rng = np.random.RandomState(7)
    chosen = rng.permutation(len(images))[:rows]
    order, truth, start = rng.permutation(rows), np.zeros(rows, np.int64), 0
    for number, size in enumerate(PLANTED.values(), 1):
        truth[order[start : start + size]] = number
        start += size

    def pictures() -> Iterator[Picture]:
        for row, image in enumerate(images[chosen]):
            grey = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
            large = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
            yield _planted(large, int(truth[row]), row)

    found, center = _embedded(pictures, "fashion")
    also = classes[chosen].astype(np.int64)
    return Known("fashion, planted", found, center, truth, tuple(PLANTED), also)


def emoji() -> tuple[Known, Known]:
    """The bundled emoji by subcategory, and by skin tone."""
    with (ROOT / "examples" / "noto-emoji.csv").open() as file:
        rows = list(csv.DictReader(file))

    def pictures() -> Iterator[Picture]:
        with tarfile.open(ROOT / "examples" / "noto-emoji.tar") as tar:
            inside = {Path(m.name).name: m for m in tar if m.isfile()}
            for row in rows:
                read = tar.extractfile(inside[row["file"]])
                assert read is not None  # noqa: S101
                yield on_white(read.read(), SIDE)

    found, center = _embedded(pictures, "emoji")
    kinds, kind = np.unique([row["subcategory"] for row in rows], return_inverse=True)
    tones, tone = np.unique([row["skin_tone"] for row in rows], return_inverse=True)
    by_kind = Known("emoji, subcategories", found, center, kind + 1, tuple(kinds), tone)
    by_tone = replace(
        by_kind, name="emoji, skin tones", truth=tone + 1, names=tuple(tones), also=kind
    )
    return by_kind, by_tone


def synthetic(strength: float, rows: int = 20_000) -> Known:
    """512 dimensions: three large groups, nine rare attributes across them, 22 % of background."""
    rng, d = np.random.RandomState(0), 512
    basis = np.linalg.qr(rng.randn(d, d))[0]
    spectrum = (np.arange(d) + 3.0) ** -1
    spectrum *= d / spectrum.sum()
    mix = (basis * np.sqrt(spectrum)).T

    def crowd(n: int) -> NDArray[np.float64]:
        return np.asarray(rng.randn(n, d) @ mix)

    def direction() -> NDArray[np.float64]:
        one = basis @ (rng.randn(d) * spectrum**0.25)
        return np.asarray(one / np.linalg.norm(one))

    large = np.stack([np.zeros(d), 15 * direction(), 16 * direction()])
    parts, truth = [], []
    for place, share in zip(large, (0.46, 0.15, 0.08), strict=True):
        parts.append(crowd(int(share * rows)) + place)
        truth += [0] * int(share * rows)
    rare = {"2.0": 1.0, "1.5a": 1.2, "1.5b": 0.85, "1.0a": 1.2, "1.0b": 0.9, "0.8": 1.05}
    rare |= {"0.7": 0.9, "0.5a": 1.2, "0.5b": 1.0}
    for number, (name, weight) in enumerate(rare.items(), 1):
        n = int(float(name[:3]) / 100 * rows)
        home = 0.8 * large[rng.choice(3, n, p=[0.85, 0.10, 0.05])]
        intensity = 1 + 0.15 * rng.randn(n, 1)
        parts.append(0.95 * crowd(n) + home + direction() * 16 * weight * strength * intensity)
        truth += [number] * n
    n = rows - len(truth)
    heavy = np.maximum(1, 1 / np.sqrt(rng.chisquare(4, n) / 4))[:, None]
    shifts = rng.randn(n, 1) * 6 * np.stack([direction() for _ in range(40)])[rng.choice(40, n)]
    bridges = rng.rand(n, 1) * large[rng.choice(3, n)]
    parts.append(crowd(n) * heavy + np.where(rng.rand(n, 1) < 1 / 5, shifts, bridges))
    truth += [0] * n
    x = np.concatenate(parts) + 0.15 * rng.randn(rows, d)
    order = rng.permutation(rows)
    also = np.full(rows, -1)
    also[int(0.46 * rows) : int(0.61 * rows)] = 1
    also[int(0.61 * rows) : int(0.69 * rows)] = 2
    vectors = x[order].astype(np.float32)
    labels = np.array(truth, np.int64)[order]
    name = f"synthetic, strength {strength:g}"
    return Known(name, {"x": vectors}, vectors, labels, tuple(rare), also[order])


def nothing(rows: int = 3000) -> dict[str, Vectors]:
    """Return sets without any group: noise, a decaying spectrum, a ring, a winding curve."""
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, (rows, 1))
    circle = np.hstack([np.cos(angle), np.sin(angle)]) @ rng.normal(size=(2, 128))
    curve = np.cos(angle * np.arange(1, 7) + rng.uniform(0, 6, 6)) @ rng.normal(size=(6, 128))
    sets = {
        "noise": rng.normal(size=(rows, 128)),
        "decaying spectrum": rng.normal(size=(rows, 512)) * (np.arange(512) + 3.0) ** -0.5,
        "ring": circle + 0.1 * rng.normal(size=circle.shape),
        "curve": curve + 0.02 * rng.normal(size=curve.shape),
    }
    return {name: x.astype(np.float32) for name, x in sets.items()}


def _idx(name: str, skip: int) -> Picture:
    with gzip.open(FASHION / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=skip)


def _planted(image: Picture, number: int, seed: int) -> Picture:  # noqa: PLR0911 one a plant
    match number and list(PLANTED)[number - 1]:
        case "inverted":
            return 255 - image
        case "blurred":
            return np.asarray(cv2.GaussianBlur(image, (0, 0), 8), np.uint8)
        case "barred":
            image[98:126] = 40
        case "jpeg":
            packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 4])[1]
            return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        case "noisy":
            noise = np.random.RandomState(seed).normal(0, 25, image.shape)
            return np.clip(image + noise, 0, 255).astype(np.uint8)
        case "rotated":
            turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 45, 1)
            return np.asarray(cv2.warpAffine(image, turn, (SIDE, SIDE)), np.uint8)
        case "tinted":
            return (image * np.array([1.0, 0.8, 0.6])).astype(np.uint8)
        case "hidden":
            image[:, :84] = 0
    return image


def on_white(encoded: bytes, side: int) -> Picture:
    """Return a picture on white, RGB, ``side`` × ``side``."""
    image = cv2.imdecode(np.frombuffer(io.BytesIO(encoded).read(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None  # noqa: S101
    alpha = image[..., 3:] / 255
    flat = (image[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    return np.asarray(cv2.resize(flat, (side, side), interpolation=cv2.INTER_CUBIC)[..., ::-1])


def _embedded(
    pictures: Callable[[], Iterator[Picture]], name: str
) -> tuple[dict[str, Vectors], Vectors]:
    """Embed at the default views and at the centre of the pick; kept in a temporary folder."""
    import tempfile

    model = load(ROOT / "models" / "efficientnet-lite0.onnx")
    found, step = pick(model), Embedding()
    middle = views(mid_cuts(model, found.tensor, found.source), step.depths)
    probes = [Probe(found.tensor, "mean")]
    probes += [Probe(cut.tensor, style) for cut in middle for style in step.styles]
    center = Probe(found.tensor, "center")
    key = f"{name}-{'+'.join(map(str, probes))}"
    folder = Path(tempfile.gettempdir()) / "onnxprobe-discovery"
    folder.mkdir(exist_ok=True)
    path = folder / f"{key.replace('/', '_')[:180]}.npz"
    if not path.exists():
        session = Session(attach(model, [*probes, center]))
        batches: dict[str, list[Vectors]] = {}
        batch: list[Picture] = []

        def flush() -> None:
            x = (np.stack(batch).astype(np.float32) - 127) / 128
            wanted = [probe.output for probe in (*probes, center)]
            feed = {model.inputs[0]: np.ascontiguousarray(x.transpose(0, 3, 1, 2))}
            for output, vectors in session.run(feed, wanted).items():
                batches.setdefault(output, []).append(vectors)
            batch.clear()

        for picture in pictures():
            batch.append(picture)
            if len(batch) == 32:  # noqa: PLR2004
                flush()
        if batch:
            flush()
        arrays = {name: np.concatenate(parts) for name, parts in batches.items()}
        np.savez(path, **arrays)  # type: ignore[arg-type]
    with np.load(path) as file:
        return {str(p): file[p.output] for p in probes}, file[center.output]
