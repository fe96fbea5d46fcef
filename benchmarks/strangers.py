"""What a fused file answers for pictures that are like nothing it was made from, by measure of novelty.

    python benchmarks/strangers.py [--model models/efficientnet-lite0.onnx] [--images examples/noto-emoji.tar]

The recipe ``domains`` is run once, its heads once for each measure. Two sets of strangers are then
labelled with each fused file: pictures of nothing, drawn by another seed than those that the measure
was chosen by, and pictures of JPEG-like texture with emoji on it (those of ``embed.py``), which no
measure has seen. Printed: held-out macro-F1 of the domains, AUROC as ``run.json`` has it, the part of
the strangers that gets an answer, and the size of the file.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from embed import SETS, make_pictures

from onnxprobe.graph.load import load
from onnxprobe.images import open_source
from onnxprobe.label import label
from onnxprobe.recipe import Job
from onnxprobe.recipe.running import run
from recipes.domains import Domains
from recipes.heads.noise import nothing

HERE: Final = Path(__file__).resolve().parent.parent
MEASURES: Final = ("none", "energy", "nearest", "mahalanobis", "best")
SEED: Final = 1


def main() -> None:
    """Print a line for each measure."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--model", type=Path, default=HERE / "models" / "efficientnet-lite0.onnx")
    ask.add_argument("--images", default=str(HERE / "examples" / "noto-emoji.tar"))
    said = ask.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        strangers = {"nothing": _nothing(folder / "nothing"), "texture": folder / "texture"}
        make_pictures(strangers["texture"], SETS["photos"], 240)
        print(f"{'measure':24s}{'macro-F1':>10s}{'groups':>10s}{'noise':>10s}", end="")
        print("".join(f"{name:>10s}" for name in strangers), f"{'MB':>8s}")
        for measure in MEASURES:
            recipe = Domains()
            recipe = replace(recipe, classifier=replace(recipe.classifier, rejection=measure))
            facts = run(recipe, "domains", Job(said.model, said.images, folder / "run"))
            _line(measure, facts["heldout"], folder / "run" / "fused.onnx", strangers)


def _line(asked: str, heldout: dict[str, Any], fused: Path, strangers: dict[str, Path]) -> None:
    told = heldout["rejection"]
    name = told["measure"] if asked != "none" else asked
    areas = [told.get(kind, {}).get(told["measure"], float("nan")) for kind in ("auroc", "noise")]
    answered = [_answered(fused, where) for where in strangers.values()]
    title = asked if asked == name else f"{asked}: {name}"
    print(f"{title:24s}{heldout['macro_f1']:10.3f}", end="")
    print("".join(f"{area:10.3f}" for area in areas), end="")
    print("".join(f"{part:10.1%}" for part in answered), f"{fused.stat().st_size / 1e6:8.1f}")


def _answered(fused: Path, where: Path) -> float:
    """Return the part of the pictures that are put into a domain."""
    from pyarrow import parquet

    out = where.with_suffix(".parquet")
    label(load(fused), open_source(where), out)
    ids = np.array(parquet.read_table(out)["id"].to_pylist())
    return float((ids >= 0).mean())


def _nothing(folder: Path) -> Path:
    folder.mkdir()
    for number, picture in enumerate(nothing(224, 224, np.random.default_rng(SEED))):
        cv2.imwrite(str(folder / f"{number:03d}.png"), picture[..., ::-1])
    return folder


if __name__ == "__main__":
    main()
