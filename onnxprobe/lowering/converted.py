"""Estimators without a rule of ours, through skl2onnx."""

from typing import Any, Final

from onnxprobe.errors import LoweringError, MissingExtraError
from onnxprobe.graph.model import Model
from onnxprobe.lowering.lower import features

_ML: Final = 3
"""The newest version of ai.onnx.ml that runtimes of the last years have."""
_OLDEST: Final = 15
"""The opset below which some of its converters write nothing."""


def converted(estimator: Any, *, opset: int) -> Model:
    """Return what skl2onnx makes of ``estimator``, in ``opset`` or a newer one.

    Raises:
        MissingExtraError: skl2onnx is not installed.
        LoweringError: it cannot convert the estimator either, or that is not fitted.
    """
    try:
        import skl2onnx  # noqa: PLC0415  it imports scikit-learn
        from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415
    except ImportError as missing:
        raise MissingExtraError("converting this estimator", "skl2onnx", extra="ml") from missing
    width = features(estimator)
    newest = int(skl2onnx.__max_supported_opset__)
    try:
        proto = skl2onnx.to_onnx(
            estimator,
            initial_types=[("vectors", FloatTensorType([None, width]))],
            target_opset={"": min(max(opset, _OLDEST), newest), "ai.onnx.ml": _ML},
        )
    except Exception as error:  # its own errors and those of what it calls share no base class
        first = " ".join(str(error).split())[:200]
        raise LoweringError(
            f"skl2onnx cannot convert {type(estimator).__name__} either: {first}"
        ) from error
    return Model(proto)
