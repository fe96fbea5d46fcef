"""Write the repairs of a diagnosis into a graph."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

from onnxprobe.batch.diagnosis import Diagnosis
from onnxprobe.batch.rules import (
    Counted,
    Multiplied,
    Repair,
    Repeated,
    Reshaped,
    Setting,
    Shifted,
    Stepped,
    Unset,
    Unwoven,
    Values,
)
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
    _unset(bench, node, Unset(repair.name), _name)
    bench.proto(node).attribute.append(helper.make_attribute(repair.name, repair.value))


def _unset(bench: _Bench, node: Node, repair: Unset, _name: str) -> None:
    proto = bench.proto(node)
    others = [attribute for attribute in proto.attribute if attribute.name != repair.name]
    del proto.attribute[:]
    proto.attribute.extend(others)


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


def _multiplied(bench: _Bench, node: Node, repair: Multiplied, name: str) -> None:
    write = _Writer(bench, name)
    write.op("Mul", bench.number(), write.numbers("each", repair.each), out=name)
    bench.read(node, repair.position, name)


def _reshaped(bench: _Bench, node: Node, repair: Reshaped, name: str) -> None:
    write = _Writer(bench, name)
    shape = write.numbers("shape", repair.shape)
    write.op("Reshape", node.inputs[repair.position], shape, out=name)
    bench.read(node, repair.position, name)


def _unwoven(bench: _Bench, node: Node, repair: Unwoven, name: str) -> None:
    write, axis, blocks = _Writer(bench, name), repair.axis, repair.blocks
    before, rows, after = repair.shape[:axis], repair.shape[axis], repair.shape[axis + 1 :]
    apart = write.numbers("apart", (*before, blocks, -1, rows // blocks, *after))
    order = [*range(axis), axis + 1, axis, *range(axis + 2, len(repair.shape) + 2)]
    read = write.op("Reshape", node.inputs[repair.position], apart)
    turned = write.op("Transpose", read, perm=order)
    write.op("Reshape", turned, write.numbers("merged", (*before, -1, *after)), out=name)
    bench.read(node, repair.position, name)


def _stepped(bench: _Bench, node: Node, repair: Stepped, name: str) -> None:
    write = _Writer(bench, name)
    first = write.numbers("first", np.expand_dims(repair.first, repair.axis))
    if repair.first.dtype == np.int64:
        write.each(first, repair.axis, repair.first.shape, repair.step)
    else:
        whole = replace(write, name=f"{name}/whole")
        whole.each(first, repair.axis, repair.first.shape, repair.step)
        to = helper.np_dtype_to_tensor_dtype(repair.first.dtype)
        write.op("Cast", whole.name, out=name, to=to)
    bench.read(node, repair.position, name)


def _shifted(bench: _Bench, node: Node, repair: Shifted, name: str) -> None:
    write, axis, shape = _Writer(bench, name), repair.axis, repair.shape
    whole = write.op("Cast", node.inputs[repair.position], to=onnx.TensorProto.INT64)
    own = write.op("Mod", whole, write.numbers("within", repair.within))  # as they may be negative
    apart = write.numbers("apart", (*shape[:axis], -1, *shape[axis:]))
    write.each(write.op("Reshape", own, apart), axis, shape, np.array(repair.step))
    bench.read(node, repair.position, name)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes nodes and constants that lead to the tensor ``name``."""

    bench: _Bench
    name: str

    def op(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Add a node; return what it writes."""
        out = out or f"{self.name}/{op.lower()}"
        self.bench.nodes.append(helper.make_node(op, inputs, [out], name=out, **attributes))
        return out

    def numbers(self, what: str, values: ArrayLike) -> str:
        """Add a constant of whole numbers; return its name."""
        self.bench.nodes.append(_constant(f"{self.name}/{what}", np.asarray(values, np.int64)))
        return f"{self.name}/{what}"

    def each(self, first: str, axis: int, shape: Sequence[int], step: NDArray[np.int64]) -> None:
        """Write places that are ``step`` on for each picture; ``first`` has an axis for the pictures."""
        ones = numpy_helper.from_array(np.ones(1, np.int64))
        order = self.op("NonZero", self.op("ConstantOfShape", self.bench.number(), value=ones))
        along = self.numbers("along", [-1 if i == axis else 1 for i in range(len(shape) + 1)])
        turned = self.op("Reshape", order, along, out=f"{self.name}/order")
        places = self.op("Add", first, self.op("Mul", turned, self.numbers("step", step)))
        merged = [-1 if i == axis else size for i, size in enumerate(shape)]
        self.op("Reshape", places, self.numbers("merged", merged), out=self.name)


_REPAIRS: Final[Mapping[type[Repair], Callable[[_Bench, Node, Any, str], None]]] = {
    Values: _values,
    Setting: _setting,
    Repeated: _repeated,
    Counted: _counted,
    Multiplied: _multiplied,
    Reshaped: _reshaped,
    Shifted: _shifted,
    Stepped: _stepped,
    Unset: _unset,
    Unwoven: _unwoven,
}
