"""What a runtime is asked, and how it answers: files that any language reads. Needs numpy alone.

A folder of cases holds a folder each: ``model.onnx``; ``case.json`` with ``outputs``, the names, and
``batches``, from a batch to the shape of the input; ``<batch>.bin``, the input, float32 as it lies
in memory. The answer is ``<case>.json``: from a batch to its outputs, in order; or an error.
"""

import base64
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Run = Callable[[Any], Sequence[Any]]
Load = Callable[[str, list[str]], Run]
"""From the path of a model and the names of its outputs to what runs it on one array."""


def answer_all(load: Load, version: str) -> None:
    """Answer every case of the folder ``argv[1]`` into the folder ``argv[2]``."""
    cases, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.joinpath("version.txt").write_text(version)
    for case in sorted(cases.iterdir()):
        out.joinpath(f"{case.name}.json").write_text(json.dumps(_answer(load, case)))


def _answer(load: Load, case: Path) -> dict[str, Any]:
    said = json.loads(case.joinpath("case.json").read_text())
    try:
        run = load(str(case / "model.onnx"), said["outputs"])
        return {
            batch: _outputs(run, case, batch, shape) for batch, shape in said["batches"].items()
        }
    except Exception as error:  # noqa: BLE001  runtimes raise what they like
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}


def _outputs(run: Run, case: Path, batch: str, shape: list[int]) -> list[dict[str, Any]]:
    x = np.frombuffer(case.joinpath(f"{batch}.bin").read_bytes(), np.float32).reshape(shape)
    return [_written(np.asarray(array)) for array in run(x)]


def _written(array: Any) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}
