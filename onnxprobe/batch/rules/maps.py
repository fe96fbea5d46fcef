"""Operators that are defined on a batch of maps: the first axis is the batch, and they keep it."""

from typing import Final

from onnxprobe.batch.flow import Crossing, Flow, Rows, Unsure
from onnxprobe.batch.rules._base import Here, Rule, Step, agreed
from onnxprobe.batch.rules.each import repeat

_MAPS: Final = (
    "AveragePool Col2Im Conv ConvInteger ConvTranspose DepthToSpace GlobalAveragePool GlobalLpPool "
    "GlobalMaxPool GroupNormalization InstanceNormalization LRN LpPool "
    "QLinearConv SpaceToDepth com.microsoft::FusedConv com.microsoft::QLinearAveragePool "
    "com.microsoft::QLinearGlobalAveragePool com.microsoft::NhwcFusedConv "
    "com.microsoft::NhwcMaxPool com.microsoft::QLinearConv"
)
_WEIGHTS: Final = {
    "DeformConv": (1, 3),
    "com.microsoft::Attention": (1, 2),
    "com.microsoft::MultiHeadAttention": (3,),
}
"""Inputs that hold weights or biases of the operator, the same for all pictures."""
_ADDED: Final = {
    "Attention": 3,
    "com.microsoft::Attention": 5,
    "com.microsoft::MultiHeadAttention": 5,
}
"""The input that is added to the scores of attention, of (batch, heads, queries, keys)."""
_STACKED: Final = 4
_SAYS_IF_TRAINING: Final = 14
"""The opset from which batch normalisation has an attribute for its training mode."""
_SAYS_IF_TEST: Final = 7
"""The opset before which it is in training mode unless it says otherwise."""


def maps(here: Here) -> Step:
    """Keep pictures apart along the first axis; weights are the same for all."""
    return Step((_first(here.only()),))


def several_maps(here: Here) -> Step:
    """Keep pictures apart along the first axis of everything that is read but the weights."""
    weights = _WEIGHTS.get(here.node.op, ())
    found = [(i, here.rows(i)) for i in range(len(here.node.inputs))]
    if any(rows is not None and i in weights for i, rows in found):
        raise Crossing("has weights that differ between pictures")
    rows = _first(agreed([rows for _, rows in found if rows is not None]))
    same = (i for i, own in found if own is None and here.has(i) and i not in weights)
    return Step((rows,), tuple(repeat(here, i, rows) for i in same if not _spreads(here, i)))


def attention(here: Here) -> Step:
    """Keep pictures apart, unless the keys and values that can also be returned are stacked."""
    if here.node.op == "com.microsoft::Attention" and len(here.node.writes) > 1:
        raise Crossing("returns keys and values of all pictures stacked")
    return several_maps(here)


def _spreads(here: Here, position: int) -> bool:
    """Tell whether an input that is the same for all pictures is added to the scores of each."""
    added = position == _ADDED.get(here.node.op)
    return added and (here.rank(position) < _STACKED or here.shape(position)[0] == 1)


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
ATTENTION: Final = Rule("attention", frozenset(_ADDED), attention)
MAX_POOL: Final = Rule("max pooling", frozenset({"MaxPool"}), max_pool)
BATCH_NORMALIZATION: Final = Rule(
    "batch normalisation", frozenset({"BatchNormalization"}), batch_normalization
)
