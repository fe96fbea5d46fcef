"""ColumnTransformer: parts of a vector, each on a way of its own."""

from typing import Any, Final

import numpy as np

from onnxprobe.lowering.affine import Affine
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer


def _by_columns(write: Writer, estimator: Any, flow: Flow) -> Flow:
    weights = estimator.transformer_weights or {}
    places = estimator._transformer_to_input_indices  # noqa: SLF001  whatever columns were called
    parts = []
    for name, step, _ in estimator.transformers_:
        if step == "drop" or not len(places[name]):
            continue
        part = flow.then(Affine.of(np.eye(flow.width)[np.asarray(places[name])]))
        part = part if step == "passthrough" else write.transformed(step, part)
        if name in weights:
            part = part.then(Affine.of([weights[name]] * part.width))
        parts.append(part)
    return write.side_by_side(parts)


COLUMNS: Final = (Rule("ColumnTransformer", transform=_by_columns),)
"""What a vector's parts may go through, side by side."""
