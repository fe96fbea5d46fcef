"""Rules that write a node in the form of the opset before, or after, the one that changed it.

To add one: write it in a file beside this one, list it here.
"""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site
from onnxprobe.graph.opsets.adapters.axes import AXES
from onnxprobe.graph.opsets.adapters.batchnorm import BATCH_NORMALIZATION
from onnxprobe.graph.opsets.adapters.broadcasting import BROADCASTING
from onnxprobe.graph.opsets.adapters.cast import CAST
from onnxprobe.graph.opsets.adapters.clip import CLIP
from onnxprobe.graph.opsets.adapters.comparisons import COMPARISONS
from onnxprobe.graph.opsets.adapters.concat import CONCAT
from onnxprobe.graph.opsets.adapters.constant import CONSTANT, constant_nodes
from onnxprobe.graph.opsets.adapters.dropout import DROPOUT
from onnxprobe.graph.opsets.adapters.pad import PAD
from onnxprobe.graph.opsets.adapters.reshape import RESHAPE
from onnxprobe.graph.opsets.adapters.resize import RESIZE
from onnxprobe.graph.opsets.adapters.scatter import SCATTER
from onnxprobe.graph.opsets.adapters.slice import SLICE
from onnxprobe.graph.opsets.adapters.softmax import SOFTMAX
from onnxprobe.graph.opsets.adapters.split import SPLIT
from onnxprobe.graph.opsets.adapters.tested import TESTED
from onnxprobe.graph.opsets.adapters.topk import TOPK
from onnxprobe.graph.opsets.adapters.where import WHERE
from onnxprobe.registry import Registry

ADAPTERS: Final = Registry(
    "adapter",
    [
        *AXES,
        *BATCH_NORMALIZATION,
        *BROADCASTING,
        *CAST,
        *CLIP,
        *COMPARISONS,
        *CONCAT,
        *CONSTANT,
        *DROPOUT,
        *PAD,
        *RESHAPE,
        *RESIZE,
        *SCATTER,
        *SLICE,
        *SOFTMAX,
        *SPLIT,
        *TESTED,
        *TOPK,
        *WHERE,
    ],
)

__all__ = ["ADAPTERS", "NoFormError", "Nodes", "Rule", "Site", "constant_nodes"]
