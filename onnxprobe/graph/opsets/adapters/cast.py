"""Cast: the type to cast to was a word before opset 6."""

from typing import Final

from onnx import TensorProto

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site


def _up(site: Site) -> Nodes:
    word = site.attribute("to", b"").decode()
    if word not in TensorProto.DataType.keys():  # noqa: SIM118  no mapping
        raise NoFormError(f"no type {word!r}")
    return [site.copy(site.node.input, to=TensorProto.DataType.Value(word))]


def _down(site: Site) -> Nodes:
    return [site.copy(site.node.input, to=TensorProto.DataType.Name(site.attribute("to")))]


CAST: Final = (Rule("Cast", 6, _up, _down),)
