"""Writing estimators into a graph, in one precision, with affine maps put off as long as possible."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from onnx import helper

from onnxprobe.errors import LoweringError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.model import DEFAULT_DOMAINS, Model
from onnxprobe.graph.names import renamed
from onnxprobe.lowering.affine import Affine, stacked
from onnxprobe.lowering.decision import Decision
from onnxprobe.lowering.flow import Flow

_COUNT_BY_INPUT: Final = 10
ML: Final = "ai.onnx.ml"
ML_VERSION: Final = 1
"""That of trees, whose newer forms add types; every runtime with trees has it."""
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


def unknown(estimator: Any) -> LoweringError:
    """Return the error for an estimator that nobody wrote a rule for."""
    name = type(estimator).__name__
    if not hasattr(estimator, "predict") and not hasattr(estimator, "transform"):
        return LoweringError(
            f"{name} says nothing of samples that it was not fitted on; fit one that has predict or "
            "transform on its answers"
        )
    return LoweringError(
        f"{name} has no form in plain ONNX operators; --allow-ml tries skl2onnx, and the file may then need "
        "a runtime that has ai.onnx.ml"
    )


class Writer(Builder):
    """A builder that knows estimators.

    Attributes:
        precision: what numbers are computed in: ``"float32"``, which every runtime has, or
            ``"float64"``.
        rules: how estimators are written, by their class names (see ``lowering.estimators``).
        other: how those are written that have no rule of their own; ``None`` where ai.onnx.ml is not
            allowed, which that may need.
    """

    def __init__(
        self, opset: int, *, precision: str, rules: "Mapping[str, Any]", other: Any = None
    ) -> None:
        super().__init__(opset)
        self.precision = precision
        self.rules = rules
        self.other = other
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

    def elsewhere(self, estimator: Any, flow: Flow, what: str) -> Any:
        """Return what the estimator gives as those are written that have no rule."""
        return getattr(self.other, what)(self, estimator, flow)

    def require_ml(self, estimator: Any, why: str) -> None:
        """Raise where plain operators alone are allowed; ``why`` goes on after "has no form in them".

        Raises:
            LoweringError: the estimator needs more.
        """
        if self.other is None:
            raise LoweringError(
                f"{type(estimator).__name__} has no form in plain ONNX operators{why}"
            )

    def top(self, x: str, count: int) -> tuple[str, str]:
        """Write the largest ``count`` of each row, in order, and where they are."""
        ends = [f"{self.prefix}TopK_{len(self._nodes)}_{end}" for end in ("values", "indices")]
        read, said = [x, self.integers(count)], {"axis": 1}
        if self.opset < _COUNT_BY_INPUT:
            read, said = [x], {"axis": 1, "k": count}
        node = helper.make_node("TopK", read, ends, name=ends[0])
        node.attribute.extend(helper.make_attribute(*pair) for pair in said.items())
        self._nodes.append(node)
        return ends[0], ends[1]

    def within(self, x: str, begin: ArrayLike, end: ArrayLike) -> str:
        """Write 1 where ``x`` is not below ``begin`` and below ``end``, else 0; both ``(k,)``.

        Two products and no And, which OpenCV 4 does not have.
        """
        below, after = (
            self.yes_no(self.op("Less", x, self.array(np.asarray(bound)[None])))
            for bound in (begin, end)
        )
        return self.op("Mul", self.op("Sub", self.array(1.0), below), after)

    def picked(self, places: str, size: int) -> str:
        """Write ``(N, n, size)`` from ``(N, n)``: 1 at each place, else 0."""
        apart = self.op(
            "Sub",
            self.unsqueeze(self.cast(places, self.precision), [2]),
            self.array(np.arange(size)[None, None]),
        )
        return self.yes_no(self.op("Less", self.op("Abs", apart), self.array(0.5)))

    def ml(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add one node of ai.onnx.ml; return the name of its output, of a classifier that of the scores."""
        self.domains[ML] = ML_VERSION
        name = f"{self.prefix}{op}_{len(self._nodes)}"
        outputs = [f"{name}_label", name] if op.endswith("Classifier") else [name]
        node = helper.make_node(op, inputs, outputs, name=name, domain=ML, **attributes)
        self._nodes.append(node)
        return name

    def inlined(self, model: Model, fed: Mapping[str, str]) -> tuple[str, ...]:
        """Add all nodes of ``model``, with ``fed`` for its inputs; return its outputs, renamed."""
        prefix = f"{self.prefix}{type(self).__name__}_{len(self._nodes)}/"
        names = {name: prefix + name for name in model.used.tensors} | dict(fed)
        graph = renamed(
            model.proto.graph, names, {name: prefix + name for name in model.used.nodes}
        )
        self._nodes.extend(graph.node)
        self._constants.extend(graph.initializer)
        imports = model.proto.opset_import
        self.domains |= {o.domain: o.version for o in imports if o.domain not in DEFAULT_DOMAINS}
        return tuple(names[name] for name in model.outputs)

    def _rule(self, estimator: Any, what: str) -> Callable[..., Any]:
        name = type(estimator).__name__
        rule = self.rules[name] if name in set(self.rules) else self.other
        if rule is None:
            raise unknown(estimator)
        found: Callable[..., Any] | None = getattr(rule, what)
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
