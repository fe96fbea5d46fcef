"""FunctionTransformer: nothing at all, or a function of numpy that ONNX has as an operator."""

from typing import Any, Final

import numpy as np

from onnxprobe.errors import LoweringError, quoted
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.writer import Writer

_OPERATORS: Final[dict[np.ufunc, str]] = {
    np.absolute: "Abs",
    np.arctan: "Atan",
    np.exp: "Exp",
    np.log: "Log",
    np.sqrt: "Sqrt",
    np.tanh: "Tanh",
}


def _applied(write: Writer, estimator: Any, flow: Flow) -> Flow:
    """Apply it; scikit-learn writes ``"passthrough"`` in a union as one without a function."""
    function = estimator.func
    if function is None:
        return flow
    if not isinstance(function, np.ufunc) or function not in _OPERATORS or estimator.kw_args:
        names = quoted(f"numpy.{each.__name__}" for each in _OPERATORS)
        called = getattr(function, "__name__", str(function))
        raise LoweringError(
            f"FunctionTransformer with {called!r} has no form in ONNX; there is {names}, and none at all"
        )
    return write.mapped(_OPERATORS[function], flow)


FUNCTIONS: Final = (Rule("FunctionTransformer", transform=_applied),)
