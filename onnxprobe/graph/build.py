"""Building nodes for any opset from 7 to 26: the operators whose form changed, said once."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

from onnxprobe.errors import VersionError
from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value

OLDEST: Final = 7
CHOOSES_FROM: Final = 9
"""The opset from which there is Where, which whatever gives answers needs; ``at_opset`` does without."""
NEWEST: Final = 26
_SLICE_BY_INPUT: Final = 10
_CLIP_BY_INPUT: Final = 11
_AXES_BY_INPUT: Final = {"Squeeze": 13, "Unsqueeze": 13, "ReduceSum": 13}
_OTHER_REDUCTIONS_BY_INPUT: Final = 18


class Builder:
    """Collects nodes and constants; ``model`` makes them a :class:`Model`.

    Attributes:
        opset: version of the default operator set that the nodes are written for.
        prefix: put before every tensor name that the builder makes up.
        domains: other operator sets that the nodes need, and their versions.
    """

    def __init__(self, opset: int, prefix: str = "") -> None:
        if not OLDEST <= opset <= NEWEST:
            raise VersionError(
                f"nodes can be written for opset {OLDEST} to {NEWEST}, not {opset}; convert the "
                "model with onnx.version_converter first"
            )
        self.opset = opset
        self.prefix = prefix
        self.domains: dict[str, int] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    @property
    def protos(self) -> list[onnx.NodeProto]:
        """The nodes so far, in order."""
        return list(self._nodes)

    def op(self, op: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Add one node with one output; return the name of that output."""
        name = f"{self.prefix}{op}_{len(self._nodes)}" if out is None else out
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, array: NDArray[Any], name: str | None = None) -> str:
        """Add one constant; return its name."""
        name = f"{self.prefix}constant_{len(self._constants)}" if name is None else name
        self._constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def number(self, value: float) -> str:
        """Add a float32 scalar."""
        return self.constant(np.asarray(value, np.float32))

    def integers(self, values: ArrayLike) -> str:
        """Add a list of int64, as axes and shapes want it."""
        return self.constant(np.atleast_1d(np.asarray(values, np.int64)))

    def squeeze(self, x: str, axes: Sequence[int], out: str | None = None) -> str:
        """Drop axes of size 1."""
        return self._with_axes("Squeeze", x, axes, out)

    def unsqueeze(self, x: str, axes: Sequence[int], out: str | None = None) -> str:
        """Add axes of size 1."""
        return self._with_axes("Unsqueeze", x, axes, out)

    def reduce(
        self, op: str, x: str, axes: Sequence[int], *, keepdims: int = 0, out: str | None = None
    ) -> str:
        """Reduce over ``axes``; ``op`` is e.g. ``"ReduceMean"``."""
        return self._with_axes(op, x, axes, out, keepdims=keepdims)

    def slice(
        self,
        x: str,
        starts: Sequence[int],
        ends: Sequence[int],
        axes: Sequence[int],
        out: str | None = None,
    ) -> str:
        """Cut a block out along ``axes``."""
        if self.opset < _SLICE_BY_INPUT:
            return self.op("Slice", x, out=out, starts=starts, ends=ends, axes=axes)
        return self.op("Slice", x, *map(self.integers, (starts, ends, axes)), out=out)

    def at_least(self, x: str, low: float, out: str | None = None) -> str:
        """Raise elements below ``low`` to it."""
        if self.opset < _CLIP_BY_INPUT:
            return self.op("Clip", x, out=out, min=low)
        return self.op("Clip", x, self.number(low), out=out)

    def model(
        self, name: str, inputs: Sequence[Value], outputs: Sequence[Value], *, ir_version: int
    ) -> Model:
        """Return what was built as a model of its own."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [value.info() for value in inputs],
            [value.info() for value in outputs],
            self._constants,
        )
        opset = [helper.make_opsetid(*pair) for pair in {"": self.opset, **self.domains}.items()]
        proto = helper.make_model(graph, opset_imports=opset, ir_version=ir_version)
        proto.producer_name = "onnxprobe"
        return Model(proto)

    def _with_axes(
        self, op: str, x: str, axes: Sequence[int], out: str | None, **attributes: Any
    ) -> str:
        if self.opset < _AXES_BY_INPUT.get(op, _OTHER_REDUCTIONS_BY_INPUT):
            return self.op(op, x, out=out, axes=list(axes), **attributes)
        return self.op(op, x, self.integers(axes), out=out, **attributes)
