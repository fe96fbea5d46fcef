"""Estimators without a rule of ours, through skl2onnx."""

from typing import Any, Final

from onnxprobe.errors import LoweringError, MissingExtraError
from onnxprobe.graph.model import Model
from onnxprobe.graph.opsets.versions import at_opset, one_import
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.estimators._base import Rule
from onnxprobe.lowering.flow import Flow
from onnxprobe.lowering.plain import plain
from onnxprobe.lowering.writer import Writer

_ML: Final = 3
"""The newest version of ai.onnx.ml that runtimes of the last years have."""
_NAME: Final = "converted"
_OLDEST: Final = 15
"""The opset below which some of its converters write nothing."""


def converted(estimator: Any, *, width: int, opset: int) -> Model:
    """Return what skl2onnx makes of ``estimator``, in ``opset`` or a newer one.

    Args:
        estimator: fitted.
        width: numbers a sample that it reads.
        opset: what to write for.

    Raises:
        MissingExtraError: skl2onnx is not installed.
        LoweringError: it cannot convert the estimator either.
    """
    try:
        import skl2onnx  # noqa: PLC0415  it imports scikit-learn
        from skl2onnx.common.data_types import FloatTensorType  # noqa: PLC0415
    except ImportError as missing:
        raise MissingExtraError("converting this estimator", "skl2onnx", extra="ml") from missing
    newest = int(skl2onnx.__max_supported_opset__)
    try:
        proto = skl2onnx.to_onnx(
            estimator,
            initial_types=[("vectors", FloatTensorType([None, width]))],
            target_opset={"": min(max(opset, _OLDEST), newest), "ai.onnx.ml": _ML},
        )
    except Exception as error:  # its own errors and those of what it calls share no base class
        if type(error).__name__.startswith("Missing"):  # no converter, or no shape calculator
            raise unheard(estimator) from error
        first = " ".join(str(error).split())[:200]
        raise LoweringError(
            f"skl2onnx cannot convert {type(estimator).__name__} either: {first}"
        ) from error
    return Model(proto)


def unheard(estimator: Any) -> LoweringError:
    """Return the error for an estimator that nobody converts."""
    return LoweringError(
        f"{_of(estimator)} has no form in ONNX, neither here nor in skl2onnx; fit another in its place, or "
        "export it as .onnx yourself"
    )


def _of(estimator: Any) -> str:
    names = [type(step).__name__ for _, step in getattr(estimator, "steps", ())]
    return " > ".join(names) or type(estimator).__name__


def _decided(write: Writer, estimator: Any, flow: Flow) -> Decision:
    found = _written(write, estimator, flow)
    scores = next((name for name in found if name.endswith(f"{_NAME}_scores")), None)
    if scores is None:
        raise LoweringError(
            f"what skl2onnx makes of {type(estimator).__name__} gives no score for each class"
        )
    tensor = write.cast(scores, write.precision)
    return Decision.shared(estimator.classes_, tensor)


def _valued(write: Writer, estimator: Any, flow: Flow) -> Flow:
    model = _plainly(write, estimator, flow)
    if len(model.outputs) != 1:
        raise LoweringError(
            f"what skl2onnx makes of {type(estimator).__name__} gives {len(model.outputs)} outputs, not one"
        )
    width = (model.value(model.outputs[0]).shape or ())[-1]
    if not isinstance(width, int):
        raise LoweringError(
            f"how many numbers {type(estimator).__name__} gives cannot be told from what skl2onnx makes of it"
        )
    (tensor,) = _joined(write, model, flow)
    return Flow(write.cast(tensor, write.precision), width)


def _written(write: Writer, estimator: Any, flow: Flow) -> tuple[str, ...]:
    return _joined(write, _plainly(write, estimator, flow), flow)


def _plainly(write: Writer, estimator: Any, flow: Flow) -> Model:
    made = converted(estimator, width=flow.width, opset=write.opset)
    return plain(at_opset(one_import(made), write.opset), name=_NAME, allow_ml=True).model


def _joined(write: Writer, model: Model, flow: Flow) -> tuple[str, ...]:
    vectors = write.cast(write.settled(flow), "float32")
    return write.inlined(model, {model.inputs[0]: vectors})


CONVERTED: Final = Rule("any other", transform=_valued, decide=_decided, predict=_valued)
