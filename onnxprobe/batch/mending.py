"""Write the repairs of a diagnosis into a graph."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

from onnxprobe.batch.diagnosis import Diagnosis
from onnxprobe.batch.rules import Counted, Repair, Repeated, Setting, Stepped, Values
from onnxprobe.graph.model import Model, Node

_PREFIX: Final = "batch/"
_COUNT: Final = "pictures"


def mended(diagnosis: Diagnosis) -> onnx.ModelProto:
    """Return a copy of the model whose nodes count on no batch; declarations stay as they are."""
    bench = _Bench(diagnosis.model)
    for node in diagnosis.model.nodes:
        for i, place in enumerate(diagnosis.found.get(node, ())):
            bench.repair(node, place.repair, i)
        bench.nodes.append(bench.changed.get(node.index, node.proto))
    if bench.counts:
        bench.nodes[:0] = _counting(diagnosis.inputs[0], bench.name(_COUNT))
    del bench.new.graph.node[:]
    bench.new.graph.node.extend(bench.nodes)
    return bench.new


def _counting(source: str, name: str) -> list[onnx.NodeProto]:
    """Return nodes that give how many pictures were fed, as a list of one number."""
    shape, first = f"{name}/shape", f"{name}/first"
    return [
        helper.make_node("Shape", [source], [shape], name=shape),
        _constant(first, np.zeros(1, np.int64)),
        helper.make_node("Gather", [shape, first], [name], name=name, axis=0),
    ]


def _constant(name: str, values: np.ndarray[Any, Any]) -> onnx.NodeProto:
    return helper.make_node(
        "Constant", [], [name], name=name, value=numpy_helper.from_array(values, name)
    )


class _Bench:
    """A model that is being mended: its nodes so far, and those that are not as they were."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.new = onnx.ModelProto()
        self.new.CopyFrom(model.proto)
        self.nodes: list[onnx.NodeProto] = []
        self.changed: dict[int, onnx.NodeProto] = {}
        self.counts = False
        taken = {*model.values, *(node.name for node in model.nodes)}
        self.prefix = _PREFIX
        while any(name.startswith(self.prefix) for name in taken):
            self.prefix = "_" + self.prefix

    def name(self, text: str) -> str:
        """Return a name that nothing in the model has."""
        return f"{self.prefix}{text}"

    def repair(self, node: Node, repair: Repair, number: int) -> None:
        """Change one node, or what it reads."""
        _REPAIRS[type(repair)](self, node, repair, self.name(f"{node.writes[0]}/{number}"))

    def proto(self, node: Node) -> onnx.NodeProto:
        """Return the copy of a node that may be changed."""
        if node.index not in self.changed:
            self.changed[node.index] = onnx.NodeProto()
            self.changed[node.index].CopyFrom(node.proto)
        return self.changed[node.index]

    def read(self, node: Node, position: int, name: str) -> None:
        """Have a node read another tensor."""
        inputs = self.proto(node).input
        inputs.extend([""] * (position + 1 - len(inputs)))
        inputs[position] = name

    def number(self) -> str:
        """Return the tensor that says how many pictures were fed."""
        self.counts = True
        return self.name(_COUNT)


def _values(bench: _Bench, node: Node, repair: Values, name: str) -> None:
    old = node.inputs[repair.position] if repair.position < len(node.inputs) else ""
    alone = bool(old) and bench.model.readers[old] == (node,) and node.reads.count(old) == 1
    places = [t for t in bench.new.graph.initializer if t.name == old]
    if alone and places and old not in bench.model.outputs:
        places[0].CopyFrom(numpy_helper.from_array(repair.values, old))
        return
    bench.nodes.append(_constant(name, repair.values))
    bench.read(node, repair.position, name)


def _setting(bench: _Bench, node: Node, repair: Setting, _name: str) -> None:
    proto = bench.proto(node)
    others = [attribute for attribute in proto.attribute if attribute.name != repair.name]
    del proto.attribute[:]
    proto.attribute.extend([*others, helper.make_attribute(repair.name, repair.value)])


def _repeated(bench: _Bench, node: Node, repair: Repeated, name: str) -> None:
    old = node.inputs[repair.position]
    if repair.first:
        rows, kept = f"{name}/rows", f"{name}/first"
        said = _constant(rows, np.arange(repair.first, dtype=np.int64))
        take = helper.make_node("Gather", [old, rows], [kept], name=kept, axis=repair.axis)
        bench.nodes += [said, take]
        old = kept
    one, many = f"{name}/one", f"{name}/times"
    parts = [one] * repair.axis + [bench.number()] + [one] * (repair.rank - repair.axis - 1)
    bench.nodes += [
        _constant(one, np.ones(1, np.int64)),
        helper.make_node("Concat", parts, [many], name=many, axis=0),
        helper.make_node("Tile", [old, many], [name], name=name),
    ]
    bench.read(node, repair.position, name)


def _counted(bench: _Bench, node: Node, repair: Counted, name: str) -> None:
    said = bench.model.constant(node.inputs[repair.position])
    batch, before, after = bench.number(), f"{name}/before", f"{name}/after"
    if repair.times != 1:
        times, rows = f"{name}/times", f"{name}/rows"
        bench.nodes += [
            _constant(times, np.array([repair.times], np.int64)),
            helper.make_node("Mul", [batch, times], [rows], name=rows),
        ]
        batch = rows
    bench.nodes += [
        _constant(before, said[: repair.index]),
        _constant(after, said[repair.index + 1 :]),
        helper.make_node("Concat", [before, batch, after], [name], name=name, axis=0),
    ]
    bench.read(node, repair.position, name)


def _stepped(bench: _Bench, node: Node, repair: Stepped, name: str) -> None:
    def op(op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        written = out or f"{name}/{op.lower()}"
        bench.nodes.append(helper.make_node(op, inputs, [written], name=written, **attributes))
        return written

    def said(what: str, values: ArrayLike) -> str:
        bench.nodes.append(_constant(f"{name}/{what}", np.asarray(values, np.int64)))
        return f"{name}/{what}"

    first, axis = repair.first, repair.axis
    ones = numpy_helper.from_array(np.ones(1, np.int64))
    order = op("NonZero", op("ConstantOfShape", bench.number(), value=ones))
    along = said("along", [-1 if i == axis else 1 for i in range(first.ndim + 1)])
    on = op("Mul", op("Reshape", order, along), said("step", repair.step))
    each = op("Add", said("first", np.expand_dims(first, axis)), on)
    merged = said("merged", [-1 if i == axis else size for i, size in enumerate(first.shape)])
    op("Reshape", each, merged, out=name)
    bench.read(node, repair.position, name)


_REPAIRS: Final[Mapping[type[Repair], Callable[[_Bench, Node, Any, str], None]]] = {
    Values: _values,
    Setting: _setting,
    Repeated: _repeated,
    Counted: _counted,
    Stepped: _stepped,
}
