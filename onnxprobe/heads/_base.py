"""What turns a linear map into answers: scores per class, said twice."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onnxprobe.graph.build import Builder

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a head reads its logits ``(n, K)``.

    Attributes:
        name: what recipes and metadata call it.
        apply: the numpy definition, logits to scores between 0 and 1.
        nodes: the same as ONNX nodes: ``(builder, name of the logits, name of the scores)``.
    """

    name: str
    apply: Callable[[Array], Array]
    nodes: Callable[[Builder, str, str], None]
