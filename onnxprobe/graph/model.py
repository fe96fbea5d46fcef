"""The central data structure: a read-only, indexed view of one ONNX model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from onnxprobe.errors import NoSuchNameError, NotOnnxError, VersionError
from onnxprobe.graph.bodies import bodies
from onnxprobe.graph.disk import weights
from onnxprobe.graph.inference.along import Along
from onnxprobe.graph.inference.declared import Declared
from onnxprobe.graph.inference.infer import infer
from onnxprobe.graph.names import Names
from onnxprobe.graph.value import Value

DEFAULT_DOMAINS = ("", "ai.onnx")


@dataclass(slots=True, eq=False)  # freezing costs 2 µs a node, and there may be 100,000
class Node:
    """One operation, never changed. Nodes compare by identity; ``model.nodes`` gives the same ones.

    Attributes:
        index: position in the file, which ONNX guarantees to be sorted.
        op: operator, e.g. ``"Conv"``; operators of other domains read ``"domain::Op"``.
        name: as written in the file; may be empty.
        inputs: tensors read, ``""`` where an optional input is left out.
        outputs: tensors written, ``""`` where an optional output is left out.
        captures: tensors of the outer graph that an If, Loop or Scan body reads.
        reads: every tensor it needs, those that its bodies capture included.
        writes: every tensor it gives.
    """

    index: int
    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    captures: tuple[str, ...]
    reads: tuple[str, ...] = field(repr=False)
    writes: tuple[str, ...] = field(repr=False)
    proto: onnx.NodeProto = field(repr=False)

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return one attribute as a Python value, or ``default`` where the file has none."""
        for attribute in self.proto.attribute:
            if attribute.name == name:
                value = helper.get_attribute_value(attribute)
                return value.decode() if isinstance(value, bytes) else value
        return default


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """An ONNX model that is looked at, never edited: operations return a new one.

    ``proto`` holds everything but the large weights; in their place stand references to byte
    ranges on disk (see ``graph.disk.weights``), so that a model of any size is a small object.

    Attributes:
        proto: the model, large weights replaced by references. Never edit it.
        known: shapes and types learnt elsewhere, e.g. by running the model once; they complete
            what inference finds.
        inferred: tells what inference finds of every tensor, where the models this one was made of can.
        noted: tells the names that it uses, likewise.
    """

    proto: onnx.ModelProto
    known: Mapping[str, Value] = field(default_factory=dict)
    inferred: Callable[[], Mapping[str, Value]] | None = None
    noted: Callable[[], Names] | None = None

    def __reduce__(self) -> tuple[type["Model"], tuple[onnx.ModelProto, Mapping[str, Value]]]:
        """In another process it is the same model, which infers for itself."""
        return Model, (self.proto, self.known)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Operations in topological order (ONNX guarantees the file is sorted)."""
        return tuple(_node(i, proto) for i, proto in enumerate(self.proto.graph.node))

    @cached_property
    def ops(self) -> frozenset[str]:
        """The operators of the outer graph, as nodes write them."""
        return frozenset(node.op for node in self.nodes)

    @cached_property
    def tensors(self) -> Mapping[str, onnx.TensorProto]:
        """The constants of the file: initializers, and the values of Constant nodes."""
        found = {t.name: t for t in self.proto.graph.initializer}
        for node in self.nodes:
            if node.op == "Constant" and node.outputs:
                value = node.attribute("value")
                if isinstance(value, onnx.TensorProto):
                    found[node.outputs[0]] = value
        return found

    @cached_property
    def constants(self) -> frozenset[str]:
        """Names of everything that does not depend on an input and is written in the file."""
        sparse = (t.values.name for t in self.proto.graph.sparse_initializer)
        scalars = (n.outputs[0] for n in self.nodes if n.op == "Constant" and n.outputs)
        return frozenset((*self.tensors, *sparse, *scalars))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names the caller must feed; weights listed as inputs are left out."""
        given = {t.name for t in self.proto.graph.initializer}
        return tuple(v.name for v in self.proto.graph.input if v.name not in given)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names the model returns."""
        return tuple(v.name for v in self.proto.graph.output)

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of all tensors of the outer graph: those of ``values``, without inferring these."""
        return frozenset((*self.used.defined, *self.known))

    @cached_property
    def used(self) -> Names:
        """Every name that is taken, those in nested bodies included. Never add to it."""
        return Names.of(self.proto.graph) if self.noted is None else self.noted()

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """Every named tensor with what shape inference, and ``known``, could learn about it.

        Nothing is inferred where the file declares all of them. To look one up, ask ``value``, which
        does so for that one.
        """
        if self.inferred is not None:
            return {**self.inferred(), **self.known}
        found = (self._declared.all() or infer(self.proto)) | dict(self.known)
        for node in self.proto.graph.node:
            for name in node.output:
                if name and name not in found:
                    found[name] = Value(name, None, None)
        return found

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """Which node writes a tensor; inputs and initializers have none."""
        return {name: node for node in self.nodes for name in node.writes}

    @cached_property
    def readers(self) -> Mapping[str, tuple[Node, ...]]:
        """Which nodes read a tensor, captures included; tensors nobody reads are left out."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.reads:
                others = found.setdefault(name, [])
                if not others or others[-1] is not node:
                    others.append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def opset(self) -> int:
        """Version of the default operator set.

        Raises:
            VersionError: the file imports no default operator set, or two versions of it.
        """
        versions = {o.version for o in self.proto.opset_import if o.domain in DEFAULT_DOMAINS}
        if len(versions) != 1:
            said = ", ".join(map(str, sorted(versions))) or "none"
            raise VersionError(
                f"the model imports {said} as its opset; it must name exactly one; where it names "
                "several, repair with: onnxprobe repair"
            )
        return int(versions.pop())

    @property
    def ir_version(self) -> int:
        """Version of the file format."""
        return int(self.proto.ir_version)

    @property
    def metadata(self) -> dict[str, str]:
        """The free text that travels with the model (``metadata_props``)."""
        return {entry.key: entry.value for entry in self.proto.metadata_props}

    def value(self, name: str) -> Value:
        """Look a tensor up by name.

        Raises:
            NoSuchNameError: there is none; the message names the near ones.
        """
        if "values" not in self.__dict__ and (value := self.said(name)):
            return value
        try:
            return self.values[name]
        except KeyError:
            made = (name for name in self.producers if name not in self.constants)
            raise NoSuchNameError(
                "tensor", name, self.values, likely=(*self.inputs, *made)
            ) from None

    def said(self, name: str) -> Value | None:
        """Return what is known of a tensor without inference, if that could add nothing."""
        return self._told(name) or self._along.value(name)

    def _told(self, name: str) -> Value | None:
        return self.known.get(name) or self._declared.complete(name)

    @cached_property
    def _along(self) -> Along:
        return Along(self.proto.graph, self._told)

    @cached_property
    def _declared(self) -> Declared:
        return Declared(self.proto.graph)

    def constant(self, name: str) -> NDArray[Any]:
        """Read one constant, from disk if it lies there.

        Raises:
            NoSuchNameError: there is no such constant.
            MissingWeightsError: the file it lies in is gone.
            NotOnnxError: the file names it and does not say its value, or it is sparse.
        """
        if name in self.tensors:
            return weights.read(self.tensors[name])
        node = self.producers.get(name)
        if node is None or node.op != "Constant":
            if name in self.constants:
                raise NotOnnxError(f"the constant {name!r} is sparse; only dense ones can be read")
            raise NoSuchNameError("constant", name, self.constants)
        if not node.proto.attribute:
            raise NotOnnxError(f"the constant {name!r} has no value")
        return np.asarray(helper.get_attribute_value(node.proto.attribute[0]))

    def __repr__(self) -> str:
        ins = ", ".join(str(self.values[n]) for n in self.inputs)
        outs = ", ".join(str(self.values[n]) for n in self.outputs)
        return f"Model({ins} -> {outs}; {len(self.nodes)} nodes, opset {self.opset})"


def _node(index: int, proto: onnx.NodeProto) -> Node:
    domain = proto.domain
    op = proto.op_type if domain in DEFAULT_DOMAINS else f"{domain}::{proto.op_type}"
    captures = tuple(dict.fromkeys(_captures(proto))) if bodies(proto) else ()
    inputs = tuple(proto.input[:])  # a slice is faster to go through
    outputs = tuple(proto.output[:])
    reads, writes = _named(inputs + captures), _named(outputs)
    return Node(index, op, proto.name, inputs, outputs, captures, reads, writes, proto)


def _named(tensors: tuple[str, ...]) -> tuple[str, ...]:
    return tensors if "" not in tensors else tuple(filter(None, tensors))


def _captures(node: onnx.NodeProto) -> Iterator[str]:
    for body in bodies(node):
        local = {v.name for v in body.input} | {t.name for t in body.initializer}
        local |= {t.values.name for t in body.sparse_initializer}
        for inner in body.node:
            yield from (n for n in (*inner.input, *_captures(inner)) if n and n not in local)
            local |= set(inner.output)
        yield from (o.name for o in body.output if o.name not in local)
