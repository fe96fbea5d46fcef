"""Half precision: a model that computes in float16 and is called as before.

Micikevicius et al. 2018 (arXiv:1710.03740) for what float16 holds: 11 bits, up to 65504.
"""

from collections.abc import Collection
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from onnxprobe.graph.model import Model, Node
from onnxprobe.precision._base import Precision
from onnxprobe.precision.operands import half_operands
from onnxprobe.precision.rounding import LARGEST, rounding

_KINDS: Final = {TensorProto.FLOAT16: "/float16", TensorProto.FLOAT: "/float32"}
"""What names of tensors end with that hold another tensor in this type."""
_SIZES: Final = frozenset({"Shape", "Size"})
"""What they give says nothing of the numbers in a tensor; sizes above 2048 need more than 11 bits."""
_WEIGHTS_NEED_NOT_BE_INPUTS: Final = 4


def half(model: Model, keep: Collection[str] = ()) -> Model:
    """Return ``model`` with float16 wherever operators take it, called and answering as before.

    Inputs, outputs and what bodies of If and Loop read keep their names and types, also a tensor in
    the middle that is an output: a Cast stands beside it. What is computed from sizes, and the
    nodes that write ``keep``, stay in float32.

    Weights are held in memory, at half their size.
    """
    return _Rewriting(model, keep).model()


class _Rewriting:
    """One pass over the nodes, which are in topological order, so that a cast can stand at need."""

    def __init__(self, model: Model, keep: Collection[str]) -> None:
        self._old = model
        self._proto = onnx.ModelProto()
        self._proto.CopyFrom(model.proto)
        flowing = _flowing(model)
        self._halves = {
            node: half_operands(model, node)
            for node in model.nodes
            if not flowing.isdisjoint(node.writes) and set(keep).isdisjoint(node.writes)
        }
        self._pinned = {
            *model.inputs,
            *model.outputs,
            *(n for m in model.nodes for n in m.captures),
        }
        taken = (*model.values, *model.constants)
        self._ends = {kind: _free(end, taken) for kind, end in _KINDS.items()}
        self._half: set[str] = set()  # tensors that are float16 under their own name
        self._made: set[str] = set()  # casts that are there already
        self._nodes: list[onnx.NodeProto] = []

    def model(self) -> Model:
        """Return the model rewritten."""
        self._weights()
        for node in self._old.nodes:
            self._rewrite(node)
        graph = self._proto.graph
        del graph.node[:]
        graph.node.extend(self._nodes)
        for info in (*graph.value_info, *graph.input):
            if info.name in self._half:
                info.type.tensor_type.elem_type = TensorProto.FLOAT16
        return Model(self._proto)

    def _weights(self) -> None:
        """Halve the weights that some node reads as float16; keep those that others read as well."""
        reading = [(name, node) for node in self._old.nodes for name in node.reads]
        half = {n for n, node in reading if n in self._halves.get(node, ())}
        single = {n for n, node in reading if n not in self._halves.get(node, ())} | self._pinned
        graph = self._proto.graph
        inside = {node.outputs[0] for node in self._old.nodes if node.op == "Constant"}
        self._half |= (half - single) & inside & self._old.tensors.keys()
        for tensor in list(graph.initializer):
            if tensor.name not in half:
                continue
            if tensor.name not in single:
                self._half.add(tensor.name)
                tensor.CopyFrom(self._halved(tensor.name, tensor.name))
            elif self._proto.ir_version >= _WEIGHTS_NEED_NOT_BE_INPUTS:
                twin = tensor.name + self._ends[TensorProto.FLOAT16]
                graph.initializer.append(self._halved(tensor.name, twin))
                self._made.add(twin)

    def _halved(self, name: str, new: str) -> onnx.TensorProto:
        values = np.clip(self._old.constant(name), -LARGEST, LARGEST)
        return numpy_helper.from_array(values.astype(np.float16), new)

    def _rewrite(self, node: Node) -> None:
        new, halves = onnx.NodeProto(), self._halves.get(node, frozenset())
        new.CopyFrom(node.proto)
        if node.op == "Constant" and node.outputs[0] in self._half:
            new.attribute[0].t.CopyFrom(self._halved(node.outputs[0], new.attribute[0].t.name))
        for place, name in enumerate(node.inputs):
            new.input[place] = self._read(name, half=name in halves)
        for name in node.captures:
            self._read(name, half=False)
        after = []
        for place, name in enumerate(node.outputs):
            if name not in halves:
                continue
            if name not in self._pinned:
                self._half.add(name)
                continue
            new.output[place] = twin = name + self._ends[TensorProto.FLOAT16]
            self._made.add(twin)
            after.append(_cast(twin, name, TensorProto.FLOAT))
        self._nodes += [new, *after]

    def _read(self, name: str, *, half: bool) -> str:
        """Return what ``name`` is called in the precision that is wanted; cast it there at need."""
        value = self._old.values.get(name)
        if value is None or value.dtype != "float32" or half == (name in self._half):
            return name
        kind = TensorProto.FLOAT16 if half else TensorProto.FLOAT
        wanted = name + self._ends[kind]
        if wanted not in self._made:
            self._made.add(wanted)
            self._nodes.append(_cast(name, wanted, kind))
        return wanted


def _cast(source: str, to: str, kind: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [source], [to], name=f"{to}/Cast", to=kind)


def _free(end: str, taken: Collection[str]) -> str:
    """Return ``end`` with as many more marks as it needs to end no name that is there."""
    while any(name.endswith(end) for name in taken):
        end += "'"
    return end


def _flowing(model: Model) -> frozenset[str]:
    """Return the tensors that depend on the numbers fed, rather than on sizes and constants alone."""
    found = set(model.inputs)
    for node in model.nodes:
        if node.op not in _SIZES and not found.isdisjoint(node.reads):
            found.update(node.writes)
    return frozenset(found)


FP16: Final = Precision(
    "fp16", "float16 inside, called as before; half the size", half, rounding, tolerance=0.02
)
