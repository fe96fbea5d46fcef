"""Make inner tensors outputs."""

from collections.abc import Collection

import onnx

from onnxprobe.graph.model import Model


def expose(model: Model, names: Collection[str]) -> Model:
    """Return ``model`` with the tensors ``names`` as further outputs, after the old ones.

    Raises:
        NoSuchNameError: a name is not a tensor of the model.
    """
    new = onnx.ModelProto()
    new.CopyFrom(model.proto)
    for name in dict.fromkeys(names):
        if name not in model.outputs:
            new.graph.output.append(model.value(name).info())
    return Model(new, model.known, lambda: model.values, lambda: model.used)
