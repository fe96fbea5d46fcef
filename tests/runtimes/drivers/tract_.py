"""tract; it returns outputs in the order of the file."""

from importlib.metadata import version

import tract
from exchange import answer_all


def load(path, _outputs):
    model = tract.onnx().load(path).into_model().into_runnable()
    return lambda x: [tensor.to_numpy() for tensor in model.run([x])]


answer_all(load, version("tract"))
