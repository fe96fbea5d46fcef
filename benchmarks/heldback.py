"""Other plants in other pictures, looked at after the defaults were settled: nothing is chosen by them.

    python benchmarks/heldback.py [--model FILE.onnx] [--preprocess JSON] [--recipe domains] [--seed 0]

Eight ways to look different, none of them among those of ``discovery.py``, are planted in 0.5 to
2 % each of the bundled emoji. The recipe is run from pictures to a proven file, as a user runs it; what it
finds is held against the plants as in ``discovery.py``, and the heads of the plants against the
pictures held out. Groups of one subcategory of emoji, or of one skin tone, are no inventions.
"""

import argparse
import csv
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any, Final

import cv2
import numpy as np
from discovery_scores import header, row
from discovery_sets import ROOT, Known, Picture, on_white
from numpy.typing import NDArray

from onnxprobe.images import Preprocess
from onnxprobe.recipe import Job
from onnxprobe.recipe.folder import RunFolder
from onnxprobe.recipe.listing import find
from onnxprobe.recipe.running import run

SIDE: Final = 128
Plant = Callable[[Picture, np.random.Generator], NDArray[Any]]


def _mosaic(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    small = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def _washed(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    return 150 + 0.35 * (image.astype(np.float32) - 128)


def _framed(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    return cv2.rectangle(image.copy(), (0, 0), (SIDE - 1, SIDE - 1), (40, 60, 120), 10)


def _lined(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    return np.where((np.arange(SIDE) // 2 % 2 == 0)[:, None, None], image, image // 2)


def _double(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    return image / 2 + np.roll(image, (9, 14), axis=(0, 1)) / 2


def _shaded(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    away = np.hypot(*np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 2))
    return image * np.clip(1.3 - 0.8 * away, 0, 1)[..., None]


def _posterised(image: Picture, _random: np.random.Generator) -> NDArray[Any]:
    return (image // 86) * 127.0


def _speckled(image: Picture, random: np.random.Generator) -> NDArray[Any]:
    speck = random.random(image.shape[:2])[..., None]
    return np.where(speck < 0.03, 0, np.where(speck > 0.97, 255, image))  # noqa: PLR2004


PLANTS: Final[dict[str, tuple[float, Plant]]] = {
    "mosaic": (0.02, _mosaic),
    "washed": (0.017, _washed),
    "framed": (0.015, _framed),
    "lined": (0.012, _lined),
    "double": (0.01, _double),
    "shaded": (0.008, _shaded),
    "posterised": (0.006, _posterised),
    "speckled": (0.005, _speckled),
}
"""Name to the share of pictures, and what is done to these."""


def main() -> None:
    """Plant, run, and print a row, and the held-out figures of the plants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "efficientnet-lite0.onnx")
    parser.add_argument("--preprocess", help="JSON; what the model says of itself if left out")
    parser.add_argument("--recipe", default="domains")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    preprocess = None if args.preprocess is None else Preprocess.from_json(args.preprocess)
    with tempfile.TemporaryDirectory() as temporary:
        pictures, out = Path(temporary) / "pictures", Path(temporary) / "run"
        pictures.mkdir()
        truth, also = _planted(pictures, args.seed)
        start = process_time()
        facts = run(find(args.recipe), args.recipe, Job(args.model, str(pictures), out, preprocess))
        seconds = process_time() - start
        groups = RunFolder.read(out).groups
        order = [int(Path(path).stem) for path in groups.path]
        member = groups.domains.dense(len(facts["domains"]))
        proof = json.loads((out / "proof.json").read_text()) if facts["domains"] else {}
    known = Known(args.model.name, {}, np.zeros(0), truth[order], tuple(PLANTS), also[order])
    print(f"{args.model.name}, {args.recipe}: {len(order)} pictures, seed {args.seed}", end="; ")
    print(f"old outputs kept: {proof.get('kept')}")
    header()
    row(args.recipe, known, member, seconds)
    for number, name in enumerate(PLANTS, 1):
        _held_out(name, truth[order] == number, member, facts)


def _planted(folder: Path, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write the pictures; return what was planted ``(n,)``, 0 for nothing, and the subcategories ``(n,)``."""
    with (ROOT / "examples" / "noto-emoji.csv").open() as file:
        rows = list(csv.DictReader(file))
    random, truth, start = np.random.default_rng(seed), np.zeros(len(rows), np.int64), 0
    order = random.permutation(len(rows))
    for number, (share, _) in enumerate(PLANTS.values(), 1):
        count = round(share * len(rows))
        truth[order[start : start + count]] = number
        start += count
    for place, image in enumerate(_emoji([entry["file"] for entry in rows])):
        shown: NDArray[Any] = image
        if truth[place]:
            _, plant = list(PLANTS.values())[truth[place] - 1]
            shown = plant(image, random)
        pixels = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{place:05d}.png"), pixels[..., ::-1])
    kinds = np.unique([entry["subcategory"] for entry in rows], return_inverse=True)[1]
    return truth, kinds.astype(np.int64)


def _emoji(files: list[str]) -> Iterator[Picture]:
    with tarfile.open(ROOT / "examples" / "noto-emoji.tar") as tar:
        inside = {Path(m.name).name: m for m in tar if m.isfile()}
        for file in files:
            read = tar.extractfile(inside[file])
            assert read is not None  # noqa: S101
            yield on_white(read.read(), SIDE)


def _held_out(name: str, plant: NDArray[np.bool_], member: NDArray[np.bool_], facts: Any) -> None:
    """Print what the head of the group nearest to a plant does on pictures held out."""
    both = (member & plant[:, None]).sum(axis=0)
    f1 = 2 * both / (member.sum(axis=0) + plant.sum())
    if not len(f1) or f1.max() <= 0.5:  # noqa: PLR2004
        print(f"      {name:12s} not found")
        return
    best = facts["domains"][int(f1.argmax())]
    figures = (best["heldout_recall"], best["heldout_precision"], best["share_ratio"])
    said = "  ".join("–" if figure is None else f"{figure:.2f}" for figure in figures)
    print(f"      {name:12s} F1 {f1.max():.2f} at {best['view']}; recall, precision, ratio {said}")


if __name__ == "__main__":
    main()
