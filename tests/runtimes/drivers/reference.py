"""The reference evaluator of the ONNX project.

Below opset 15 it computes BatchNormalization wrongly (onnx 1.23.2), so the file is converted first.
"""

import onnx
from exchange import answer_all
from onnx.reference import ReferenceEvaluator
from onnx.version_converter import convert_version

OPSET = 17


def load(path, outputs):
    model = ReferenceEvaluator(convert_version(onnx.load(path), OPSET))
    return lambda x: model.run(outputs, {model.input_names[0]: x})


answer_all(load, onnx.__version__)
