"""Run the model: 'python example.py picture.jpg', or without a picture on random numbers.

Needs onnxruntime and numpy; with pictures opencv-python-headless too.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).parent
sys.dont_write_bytecode = True  # the folder stays as it was packaged


def main(pictures: list[str]) -> None:
    """Print what the model answers."""
    contract = json.loads((HERE / "contract.json").read_text())
    session = onnxruntime.InferenceSession(
        HERE / contract["model"], providers=["CPUExecutionProvider"]
    )
    if not pictures:
        show(contract, session.run(None, random_feeds(contract)))
        return
    from pictures import prepared

    if contract["preprocess"] is None:
        sys.exit("contract.json does not say how pictures are prepared")
    (taken,) = contract["inputs"]
    fixed = taken["shape"][0]
    for picture in pictures:
        sample = prepared(Path(picture).read_bytes(), contract["preprocess"])
        batch = np.repeat(sample[None], fixed if isinstance(fixed, int) else 1, axis=0)
        print(picture)
        show(contract, session.run(None, {taken["name"]: batch}))


def show(contract: dict[str, Any], answers: list[Any]) -> None:
    """Print each output's type and shape, and for the first row the class that a head names."""
    names = [output["name"] for output in contract["outputs"]]
    found = dict(zip(names, answers, strict=True))
    for name, array in found.items():
        print(f"  {name}: {array.dtype} {list(array.shape)}")
    for head in contract["heads"]:
        name = head["prefix"]
        if not head.get("classes") or f"{name}_id" not in found:
            continue
        best = int(found[f"{name}_id"][0, 0])
        said = "none of the classes" if best < 0 else repr(head["classes"][best])
        print(f"  {name}: {said} (confidence {found[f'{name}_confidence'][0, 0]:.3f})")


def random_feeds(contract: dict[str, Any]) -> dict[str, Any]:
    """Return something to feed the model."""
    rng, feeds = np.random.default_rng(0), {}
    for taken in contract["inputs"]:
        shape = [size if isinstance(size, int) else 64 for size in taken["shape"] or []]
        if shape and not isinstance(taken["shape"][0], int):
            shape[0] = 1
        feeds[taken["name"]] = (rng.random(shape) * 2).astype(taken["dtype"])
    return feeds


if __name__ == "__main__":
    main(sys.argv[1:])
