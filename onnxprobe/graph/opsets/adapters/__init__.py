"""Rules that write a node in the form of the opset before, or after, the one that changed it.

To add one: write it in a file beside this one, list it here.
"""

from typing import Final

from onnxprobe.graph.opsets.adapters._base import Nodes, NoFormError, Rule, Site
from onnxprobe.graph.opsets.adapters.axes import AXES
from onnxprobe.graph.opsets.adapters.batchnorm import BATCH_NORMALIZATION
from onnxprobe.graph.opsets.adapters.clip import CLIP
from onnxprobe.graph.opsets.adapters.comparisons import COMPARISONS
from onnxprobe.graph.opsets.adapters.constant import CONSTANT, constant_nodes
from onnxprobe.graph.opsets.adapters.dropout import DROPOUT
from onnxprobe.graph.opsets.adapters.pad import PAD
from onnxprobe.graph.opsets.adapters.slice import SLICE
from onnxprobe.graph.opsets.adapters.softmax import SOFTMAX
from onnxprobe.graph.opsets.adapters.split import SPLIT
from onnxprobe.graph.opsets.adapters.topk import TOPK
from onnxprobe.graph.opsets.adapters.where import WHERE
from onnxprobe.registry import Registry

ADAPTERS: Final = Registry(
    "adapter",
    [
        *AXES,
        *BATCH_NORMALIZATION,
        *CLIP,
        *COMPARISONS,
        *CONSTANT,
        *DROPOUT,
        *PAD,
        *SLICE,
        *SOFTMAX,
        *SPLIT,
        *TOPK,
        *WHERE,
    ],
)

__all__ = ["ADAPTERS", "NoFormError", "Nodes", "Rule", "Site", "constant_nodes"]
