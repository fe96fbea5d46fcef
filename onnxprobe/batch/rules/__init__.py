"""How pictures pass through each operator. To add a rule: write it in a file here, list it here."""

from typing import Final

from onnxprobe.batch.rules import (
    along,
    crossing,
    each,
    growing,
    maps,
    moving,
    products,
    recurrent,
    regroup,
)
from onnxprobe.batch.rules._base import (
    Counted,
    Found,
    Here,
    Repair,
    Repeated,
    Rule,
    Setting,
    Step,
    Values,
)
from onnxprobe.registry import Registry

RULES: Final = Registry(
    "rule",
    [
        each.EACH,
        each.BROADCAST,
        each.DROPOUT,
        maps.MAPS,
        maps.SEVERAL_MAPS,
        maps.MAX_POOL,
        maps.BATCH_NORMALIZATION,
        along.SOFTMAX,
        along.FROM_AXIS_ON,
        along.ONE_AXIS,
        along.RUNNING,
        along.OVER_AXES,
        along.REDUCTION,
        along.ARG,
        along.TRIANGLE,
        along.QUANTISATION,
        products.MATMUL,
        products.QLINEAR_MATMUL,
        products.GEMM,
        products.EINSUM,
        regroup.RESHAPE,
        regroup.FLATTEN,
        moving.TRANSPOSE,
        moving.UNSQUEEZE,
        moving.SQUEEZE,
        moving.SLICE,
        moving.SPLIT,
        moving.PAD,
        moving.TILE,
        moving.GATHER,
        moving.GATHER_ELEMENTS,
        moving.GATHER_ND,
        moving.ONE_HOT,
        growing.CONCAT,
        growing.EXPAND,
        growing.CONSTANT_OF_SHAPE,
        growing.RESIZE,
        recurrent.RECURRENT,
        crossing.CROSSING,
    ],
)
BY_OP: Final = {op: rule for rule in RULES.values() for op in rule.ops}

__all__ = [
    "BY_OP",
    "RULES",
    "Counted",
    "Found",
    "Here",
    "Repair",
    "Repeated",
    "Rule",
    "Setting",
    "Step",
    "Values",
]
