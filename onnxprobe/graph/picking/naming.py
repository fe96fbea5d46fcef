"""What names say where the graph cannot: whether the channels of a map that is pooled are classes."""

import re
from collections.abc import Iterator
from typing import Final

from onnxprobe.graph.model import Node
from onnxprobe.graph.picking.spine import Spine

_CLASSES: Final = frozenset(
    {
        "class", "classes", "classification", "classifier", "label", "labels", "logit", "logits",
        "prediction", "predictions", "prob", "probabilities", "probability", "probs", "score", "scores",
    }
)  # fmt: skip
_FEATURES: Final = frozenset(
    {
        "descriptor", "descriptors", "embed", "embedding", "embeddings", "embeds", "feature", "features",
        "vector", "vectors",
    }
)  # fmt: skip
_PARTS: Final = 2
"""Modules of a layer's path that speak of it, from its end: ``classifier.1``, ``classifier.conv``."""


def called_classes(spine: Spine, layer: Node) -> str | None:
    """Return the name that calls what ``layer`` makes, the one answer, classes; ``None`` if none does.

    The answer's own name is asked first; else the layer's, and those of its weights, which keep the
    path of a module: a word of it must be the whole name of a module.
    """
    (output,) = spine.live.outputs
    said = set(_words(output))
    if said & (_CLASSES | _FEATURES):
        return None if said & _FEATURES else output
    names = (layer.name, *(name for name in layer.inputs if name not in spine.live.tensors))
    return next((name for name in names if _CLASSES.intersection(_modules(name))), None)


def _words(name: str) -> Iterator[str]:
    """Yield the words of a name: ``"classScores_1"`` has ``class`` and ``scores``."""
    return (word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name))


def _modules(name: str) -> list[str]:
    """Return the last modules of a path, without their numbers and what they own: weight, bias, Conv."""
    path = [part for part in re.split(r"[./:]", name)[:-1] if part and not part.isdecimal()]
    return [part.rstrip("_0123456789").lower() for part in path[-_PARTS:]]
