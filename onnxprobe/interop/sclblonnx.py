"""sclblonnx's graphs, in and out. They are ONNX graphs without the model around them.

The package itself is not needed: it has no graph of its own. What a graph cannot say (operator
sets, IR version, metadata) travels in it as metadata of the graph, where sclblonnx leaves it, and
is taken out again.
"""

import binascii
from typing import Final

import onnx

from onnxprobe.errors import VersionError
from onnxprobe.graph.disk import weights
from onnxprobe.graph.disk.schema import every_tensor
from onnxprobe.graph.model import Model

_CARRIED: Final = "onnxprobe.model"


def to_graph(model: Model) -> onnx.GraphProto:
    """Return ``model`` as sclblonnx takes it, its weights in memory.

    Raises:
        MissingWeightsError: a file that holds weights is not there.
    """
    whole = onnx.ModelProto()
    whole.CopyFrom(model.proto)
    for tensor in every_tensor(whole):
        if weights.entries(tensor):
            tensor.CopyFrom(weights.loaded(tensor))
    shell = onnx.ModelProto()
    shell.CopyFrom(model.proto)
    shell.ClearField("graph")
    text = binascii.hexlify(shell.SerializeToString(deterministic=True)).decode()
    whole.graph.metadata_props.add(key=_CARRIED, value=text)
    return whole.graph


def from_graph(graph: onnx.GraphProto, like: Model | None = None) -> Model:
    """Return a graph as a model: with the operator sets, IR version and metadata it came with.

    Args:
        graph: any graph. One that was merged from several keeps what came with the first.
        like: the model whose operator sets, IR version and metadata count, where ``to_graph``
            did not make the graph.

    Raises:
        VersionError: nothing says which operator sets the graph means.
    """
    new = onnx.ModelProto()
    said = next((e.value for e in graph.metadata_props if e.key == _CARRIED), None)
    if like is not None:
        new.CopyFrom(like.proto)
    elif said is not None:
        new.ParseFromString(binascii.unhexlify(said))
    else:
        raise VersionError(
            "a graph alone does not say which opset it means; pass the model that it was made "
            "from as like="
        )
    new.graph.CopyFrom(graph)
    kept = [entry for entry in new.graph.metadata_props if entry.key != _CARRIED]
    del new.graph.metadata_props[:]
    new.graph.metadata_props.extend(kept)
    return Model(new)
