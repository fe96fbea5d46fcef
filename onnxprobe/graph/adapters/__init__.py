"""Rules that write a node in the form of the opset before, or after, the one that changed it.

To add one: write it in a file beside this one, list it here.
"""

from typing import Final

from onnxprobe.graph.adapters._base import Nodes, NoFormError, Rule, Site
from onnxprobe.graph.adapters.axes import AXES
from onnxprobe.graph.adapters.batchnorm import BATCH_NORMALIZATION
from onnxprobe.graph.adapters.clip import CLIP
from onnxprobe.graph.adapters.comparisons import COMPARISONS
from onnxprobe.graph.adapters.constant import CONSTANT, constant_nodes
from onnxprobe.graph.adapters.dropout import DROPOUT
from onnxprobe.graph.adapters.pad import PAD
from onnxprobe.graph.adapters.slice import SLICE
from onnxprobe.graph.adapters.softmax import SOFTMAX
from onnxprobe.graph.adapters.split import SPLIT
from onnxprobe.graph.adapters.topk import TOPK
from onnxprobe.graph.adapters.where import WHERE
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
