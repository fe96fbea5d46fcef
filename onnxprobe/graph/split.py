"""Cut a model in two at one tensor."""

from typing import Final, NamedTuple

import onnx

from onnxprobe.graph.extract import extract
from onnxprobe.graph.model import Model

SEAM: Final = "onnxprobe.seam"
"""Metadata of a trunk: the output that exists only because it was cut there."""


class Split(NamedTuple):
    """The two halves; ``stitch(*split(model, t))`` is ``model`` again where the batch is not asked."""

    trunk: Model
    head: Model


def split(model: Model, at: str) -> Split:
    """Cut ``model`` at the tensor named ``at``.

    The trunk notes in its metadata that it was cut there, so that stitching it again does not
    leave the seam behind as an output. A head that would ask a model input for no more than the
    batch asks ``at`` (see ``graph.paths.sizes``); stitched again, it answers the same.

    Raises:
        NoSuchNameError: there is no such tensor.
        NotACutError: part of the head reads something other than ``at``.
    """
    head = extract(model, inputs=(at,), outputs=model.outputs)
    trunk = extract(model, inputs=model.inputs, outputs=(at,))
    marked = onnx.ModelProto()
    marked.CopyFrom(trunk.proto)
    marked.metadata_props.add(key=SEAM, value=at)
    return Split(Model(marked, trunk.known), head)
