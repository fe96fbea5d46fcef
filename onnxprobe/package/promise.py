"""``contract.json``: what the model reads and returns, and what the numbers mean."""

import json
from typing import Any, Final

from onnxprobe.graph.shapes import batch_of
from onnxprobe.graph.value import Value
from onnxprobe.package.delivery import MODEL, Delivery

_MEANINGS: Final = {
    "_scores": "a score from 0 to 1 for each class",
    "_id": "the best class whose score is above its threshold, -1 for none",
    "_confidence": "the score of that class; where there is none, the highest, which was not enough",
    "_novelty": "how unlike all that the head was trained on; above its limit the id is -1",
}
"""What the outputs of a head that was trained here say, by how their names end."""
_TRAINED: Final = ("detectors", "softmax")


def promise(of: Delivery) -> dict[str, Any]:
    """Return the contract as plain values."""
    return {
        "model": MODEL,
        "sha256": of.sha256,
        "backbone_sha256": of.backbone or None,
        "opset": of.model.opset,
        "ir_version": of.model.ir_version,
        "batch": batch_of(of.model),
        "inputs": [_tensor(value) for value in of.inputs],
        "outputs": [_output(of, value) for value in of.outputs],
        "preprocess": of.preprocess,
        "heads": [dict(head.said) for head in of.heads],
    }


def as_text(said: Any) -> str:
    """Write plain values as JSON that people read."""
    return json.dumps(said, indent=2, ensure_ascii=True) + "\n"


def meaning(of: Delivery, output: str) -> str:
    """Say what an output is, as far as is known."""
    head = of.head_of(output)
    if head is None:
        return "as the backbone returns it"
    known = (text for end, text in _MEANINGS.items() if output == f"{head.name}{end}")
    said = next(known, "") if head.said.get("kind") in _TRAINED else ""
    return said or f"of head {head.name!r}"


def _tensor(value: Value) -> dict[str, Any]:
    shape = None if value.shape is None else list(value.shape)
    return {"name": value.name, "dtype": value.dtype, "shape": shape}


def _output(of: Delivery, value: Value) -> dict[str, Any]:
    head = of.head_of(value.name)
    return {
        **_tensor(value),
        "of": head.name if head else "backbone",
        "meaning": meaning(of, value.name),
    }
