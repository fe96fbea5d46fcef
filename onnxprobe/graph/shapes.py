"""Shapes: what inference can tell, and the shape of one sample."""

from onnxprobe.graph.value import Dim, Value
import onnx
from onnx import shape_inference


def infer(proto: onnx.ModelProto) -> dict[str, Value]:
    """Return what is declared in the file or follows from it, for every tensor that has a type.

    A model that inference cannot digest (an unknown operator set, say) keeps its declarations.
    """
    try:
        graph = shape_inference.infer_shapes(proto, data_prop=True).graph
    except (shape_inference.InferenceError, RuntimeError, ValueError):
        graph = proto.graph
    found = {t.name: _constant(t) for t in proto.graph.initializer}
    infos = (*graph.value_info, *graph.input, *graph.output)
    return found | {info.name: Value.of(info) for info in infos}


def _constant(tensor: onnx.TensorProto) -> Value:
    from onnxprobe.graph.value import dtype_name
    return Value(tensor.name, dtype_name(tensor.data_type), tuple(tensor.dims))
