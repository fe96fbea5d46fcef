"""The model of this folder, loaded: arrays or pictures in, arrays and names of classes out.

Needs onnxruntime and numpy; for pictures opencv-python-headless too.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


class Served:
    """A model and what 'contract.json' says of it."""

    def __init__(self, folder: Path) -> None:
        """Load the model in a folder."""
        self.contract: dict[str, Any] = json.loads((folder / "contract.json").read_text())
        available = onnxruntime.get_available_providers()
        wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
        self.session = onnxruntime.InferenceSession(
            folder / self.contract["model"], providers=[p for p in wanted if p in available]
        )
        self.kinds = {taken["name"]: taken["dtype"] for taken in self.contract["inputs"]}

    def answers(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        """Return every output, by name, for arrays or nested lists by the name of the input."""
        arrays = {name: np.asarray(array, self.kinds[name]) for name, array in feeds.items()}
        names = [output["name"] for output in self.contract["outputs"]]
        return dict(zip(names, self.session.run(names, arrays), strict=True))

    def of_picture(self, data: bytes) -> dict[str, Any]:
        """Return what to feed for the bytes of a picture file."""
        from pictures import prepared

        (name,) = self.kinds
        if self.contract["preprocess"] is None:
            raise ValueError("contract.json does not say how pictures are prepared")
        return {name: prepared(data, self.contract["preprocess"])[None]}

    def classes(self, answers: Mapping[str, Any]) -> dict[str, list[str | None]]:
        """Return for each head the class of each row; None where none is above its threshold."""
        found = {}
        for head in self.contract["heads"]:
            ids = answers.get(f"{head['prefix']}_id")
            if ids is not None and head.get("classes"):
                names = [*head["classes"], None]  # -1 is the last
                found[head["prefix"]] = [names[int(row)] for row in ids[:, 0]]
        return found
