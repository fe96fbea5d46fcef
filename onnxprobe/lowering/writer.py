"""Writing estimators into a graph, in one precision, with affine maps put off as long as possible."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from onnxprobe.errors import LoweringError, quoted
from onnxprobe.graph.build import Builder
from onnxprobe.lowering.affine import Affine, stacked
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.flow import Flow

PRECISIONS: Final = ("float32", "float64")
_ELEMENT: Final = {"float32": 1, "float64": 11}
_INT64: Final = 7
_CENTERED_ABOVE: Final = 32.0
"""Float32 rounds each product to 6e-8 of itself. Where the products with the centre come to more
than this, up to 2e-6 of a score would be lost when they cancel, so the centre is subtracted first."""
_NOTHING: Final = 1e-9
_WORDS: Final = {
    "transform": "transform",
    "decide": "choose a class",
    "decide_all": "answer several questions",
    "predict": "predict a number",
}


def unknown(name: str, rules: Mapping[str, Any]) -> LoweringError:
    """Return the error for an estimator that nobody wrote a rule for."""
    near = get_close_matches(name, rules, n=2, cutoff=0.75)
    hint = f"; near it are {quoted(near)}" if near else ""
    return LoweringError(
        f"{name} has no form in plain ONNX operators{hint}; with --allow-ml skl2onnx converts it, and the "
        "file then needs a runtime that has ai.onnx.ml"
    )


class Writer(Builder):
    """A builder that knows estimators.

    Attributes:
        precision: what numbers are computed in: ``"float32"``, which every runtime has, or
            ``"float64"``.
        rules: how estimators are written, by their class names (see ``lowering.estimators``).
    """

    def __init__(self, opset: int, *, precision: str, rules: "Mapping[str, Any]") -> None:
        super().__init__(opset)
        self.precision = precision
        self.rules = rules
        self._settled: dict[Flow, str] = {}

    def transformed(self, estimator: Any, flow: Flow) -> Flow:
        """Return what ``estimator.transform`` gives."""
        return self._rule(estimator, "transform")(self, estimator, flow)  # type: ignore[no-any-return]

    def decided(self, estimator: Any, flow: Flow) -> Decision:
        """Return what the classifier ``estimator`` says."""
        return self._rule(estimator, "decide")(self, estimator, flow)  # type: ignore[no-any-return]

    def all_decided(self, estimator: Any, flow: Flow) -> tuple[Decision, ...]:
        """Return what a classifier says that answers several questions."""
        return self._rule(estimator, "decide_all")(self, estimator, flow)  # type: ignore[no-any-return]

    def predicted(self, estimator: Any, flow: Flow) -> Flow:
        """Return what the regressor ``estimator`` predicts."""
        return self._rule(estimator, "predict")(self, estimator, flow)  # type: ignore[no-any-return]

    def array(self, values: ArrayLike) -> str:
        """Add a constant in the precision of the head."""
        return self.constant(np.asarray(values, self.precision))

    def cast(self, x: str, dtype: str, out: str | None = None) -> str:
        """Write the numbers of ``x`` as another type: ``"float32"``, ``"float64"`` or ``"int64"``."""
        return self.op("Cast", x, out=out, to=_ELEMENT.get(dtype, _INT64))

    def yes_no(self, x: str) -> str:
        """Write the truth of ``x`` as 0 and 1."""
        return self.cast(x, self.precision)

    def settled(self, flow: Flow) -> str:
        """Write what is pending, once; return the tensor."""
        if flow.pending is None:
            return flow.tensor
        if flow not in self._settled:
            write = self._elementwise if flow.pending.weight.ndim == 1 else self._matrix
            self._settled[flow] = write(flow.tensor, flow.pending)
        return self._settled[flow]

    def flow(self, tensor: str, width: int) -> Flow:
        """Return a tensor to which nothing is still to be done."""
        return Flow(tensor, width)

    def side_by_side(self, flows: Sequence[Flow]) -> Flow:
        """Put flows next to each other; affine maps of the same tensor become one."""
        if len(flows) == 1:
            return flows[0]
        width = sum(flow.width for flow in flows)
        maps = [flow.pending for flow in flows if flow.pending is not None]
        if len({flow.tensor for flow in flows}) == 1 and len(maps) == len(flows):
            return Flow(flows[0].tensor, width, stacked(maps))
        return Flow(self.op("Concat", *map(self.settled, flows), axis=1), width)

    def column(self, flow: Flow, index: int) -> Flow:
        """Return one column, as ``(N, 1)``."""
        if flow.pending is not None:
            return Flow(flow.tensor, 1, flow.pending.rows(slice(index, index + 1)))
        return Flow(self.slice(flow.tensor, [index], [index + 1], [1]), 1)

    def mapped(self, op: str, flow: Flow) -> Flow:
        """Apply an operator of one input to every number."""
        return Flow(self.op(op, self.settled(flow)), flow.width)

    def _rule(self, estimator: Any, what: str) -> Callable[..., Any]:
        name = type(estimator).__name__
        if name not in set(self.rules):
            raise unknown(name, self.rules)
        found: Callable[..., Any] | None = getattr(self.rules[name], what)
        if found is None:
            raise LoweringError(f"{name} stands where something is needed that can {_WORDS[what]}")
        return found

    def _elementwise(self, x: str, affine: Affine) -> str:
        affine = self._rounded(affine)
        if np.abs(affine.center).max(initial=0):
            x = self.op("Sub", x, self.array(affine.center))
        if (affine.weight != 1).any():
            x = self.op("Mul", x, self.array(affine.weight))
        if np.abs(affine.bias).max(initial=0) > _NOTHING:
            x = self.op("Add", x, self.array(affine.bias))
        return x

    def _matrix(self, x: str, affine: Affine) -> str:
        lost = np.linalg.norm(affine.weight * affine.center, axis=1).max(initial=0)
        if self.precision == "float32" and lost > _CENTERED_ABOVE:
            affine = self._rounded(affine)
            x = self.op("Sub", x, self.array(affine.center))
        else:
            affine = affine.around(np.zeros_like(affine.center))
        return self.op("Gemm", x, self.array(affine.weight), self.array(affine.bias), transB=1)

    def _rounded(self, affine: Affine) -> Affine:
        """Return the map with a centre that the precision has exactly, so that subtracting it is exact."""
        return affine.around(affine.center.astype(self.precision).astype(np.float64))
