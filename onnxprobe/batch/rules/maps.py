"""Operators that are defined on a batch of maps: the first axis is the batch, and they keep it."""

from typing import Final

from onnxprobe.batch.flow import Crossing, Flow, Rows, Unsure
from onnxprobe.batch.rules._base import Here, Rule, Step, agreed

_MAPS: Final = (
    "AveragePool Conv ConvInteger ConvTranspose DepthToSpace GlobalAveragePool GlobalLpPool "
    "GlobalMaxPool GroupNormalization InstanceNormalization LRN LpPool "
    "QLinearConv SpaceToDepth com.microsoft::FusedConv com.microsoft::QLinearAveragePool "
    "com.microsoft::QLinearGlobalAveragePool com.microsoft::NhwcFusedConv com.microsoft::QLinearConv"
)
_SAYS_IF_TRAINING: Final = 14
"""The opset from which batch normalisation has an attribute for its training mode."""
_SAYS_IF_TEST: Final = 7
"""The opset before which it is in training mode unless it says otherwise."""


def maps(here: Here) -> Step:
    """Keep pictures apart along the first axis; weights are the same for all."""
    return Step((_first(here.only()),))


def several_maps(here: Here) -> Step:
    """Keep pictures apart along the first axis of everything that is read but the weights."""
    weights = (1, 3) if here.node.op == "DeformConv" else ()
    found = [(i, here.rows(i)) for i in range(len(here.node.inputs))]
    if any(rows is not None and i in weights for i, rows in found):
        raise Crossing("has weights that differ between pictures")
    if any(rows is None and here.has(i) and i not in weights for i, rows in found):
        raise Crossing("reads one map for all pictures beside one for each")
    return Step((_first(agreed([rows for _, rows in found if rows is not None])),))


def _first(rows: Rows) -> Rows:
    if rows.axis != 0:
        raise Crossing(
            f"works on axis {rows.axis} as channels or space, but the pictures lie there"
        )
    return rows


def max_pool(here: Here) -> Step:
    """Keep pictures apart; the places that it can also return count through the whole batch."""
    (rows,) = maps(here).flows
    places: Flow = Unsure("MaxPool returns places that count through the whole batch")
    return Step((rows, places))


def batch_normalization(here: Here) -> Step:
    """Keep pictures apart, unless mean and variance are taken over the batch."""
    old = here.opset < _SAYS_IF_TRAINING and len(here.node.writes) > 1
    older = here.opset < _SAYS_IF_TEST and not here.node.attribute("is_test", 0)
    if old or older or here.node.attribute("training_mode", 0):
        raise Crossing("is in training mode: it takes mean and variance over the batch")
    return maps(here)


MAPS: Final = Rule("maps", frozenset(_MAPS.split()), maps)
SEVERAL_MAPS: Final = Rule("several maps", frozenset({"DeformConv", "GridSample"}), several_maps)
MAX_POOL: Final = Rule("max pooling", frozenset({"MaxPool"}), max_pool)
BATCH_NORMALIZATION: Final = Rule(
    "batch normalisation", frozenset({"BatchNormalization"}), batch_normalization
)
