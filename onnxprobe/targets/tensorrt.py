"""TensorRT, as its ONNX parser takes a file."""

from typing import Final

from onnxprobe.targets._base import Release, Runtime

_NOT_THERE: Final = (
    "AffineGrid", "Bernoulli", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor",
    "CenterCropPad", "Col2Im", "Compress", "ConcatFromSequence", "ConvInteger", "DFT", "Det",
    "DynamicQuantizeLinear", "ImageDecoder", "MatMulInteger", "MaxRoiPool", "MaxUnpool",
    "MelWeightMatrix", "Multinomial", "NegativeLogLikelihoodLoss", "Optional", "OptionalGetElement",
    "OptionalHasElement", "QLinearConv", "QLinearMatMul", "RegexFullMatch", "SequenceAt",
    "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength",
    "SequenceMap", "SoftmaxCrossEntropyLoss", "StringNormalizer", "TfIdfVectorizer", "Unique",
)  # fmt: skip
_ANY_IR: Final = 14
"""The parser notes the IR version and goes on."""

TENSORRT: Final = Runtime(
    name="tensorrt",
    releases=(
        Release("7.0", 11, _ANY_IR),
        Release("7.2", 13, _ANY_IR),
        Release("8.5", 17, _ANY_IR),
        Release("10.15", 24, _ANY_IR),
    ),
    without=dict.fromkeys(_NOT_THERE, "no release up to 10.15 has it; a plugin would have to"),
    without_types=frozenset({"float64"}),
    source=(
        "docs/operators.md of onnx-tensorrt for 7.0, 7.2, 8.5 and 10.15: opsets, operators marked N, and "
        "DOUBLE being cast down to FLOAT; not run here"
    ),
)
