"""Every name a graph uses, and a copy of it under other names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import onnx

from onnxprobe.graph.bodies import bodies


@dataclass(slots=True, eq=False)
class Names:
    """The names that a graph uses, those of its nested bodies included, by what bears them.

    Attributes:
        tensors: all that are defined or read.
        defined: those that the graph itself stores, declares or writes.
        written: those that nodes of the graph itself write.
        weights: those that are stored in the graph itself.
        nodes: those of nodes; unnamed ones are left out.
    """

    tensors: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    weights: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, graph: onnx.GraphProto) -> "Names":
        """Take down the names of ``graph``."""
        found = cls()
        found.add(graph)
        return found

    def add(self, graph: onnx.GraphProto) -> None:
        """Take down those of ``graph`` too, in one pass: there may be many."""
        weights = [tensor.name for tensor in graph.initializer]
        sparse = (each.values.name for each in graph.sparse_initializer)
        self.weights.update(weights)
        self.defined.update(weights, declared(graph), sparse)
        for node in graph.node:
            self.written.update(node.output[:])
            self.tensors.update(node.input[:])
            self.nodes.add(node.name)
            for body in bodies(node):
                inner = Names.of(body)
                self.tensors |= inner.tensors
                self.nodes |= inner.nodes
        self.written.discard("")
        self.defined |= self.written
        self.tensors |= self.defined
        for names in (self.tensors, self.nodes):
            names.discard("")

    def copy(self) -> "Names":
        """Return the same names, to which others can be added."""
        return Names(*(set(getattr(self, each.name)) for each in fields(self)))


def declared(graph: onnx.GraphProto) -> set[str]:
    """Return the names of the tensors that ``graph`` declares: its inputs and outputs, and others."""
    return {info.name for info in (*graph.value_info, *graph.input, *graph.output)}


def renamed(
    graph: onnx.GraphProto, tensors: Mapping[str, str], nodes: Mapping[str, str]
) -> onnx.GraphProto:
    """Return a copy of ``graph`` with some tensors and nodes under other names."""
    new = onnx.GraphProto()
    new.CopyFrom(graph)
    _rename(new, tensors, nodes)
    return new


def _rename(graph: onnx.GraphProto, tensors: Mapping[str, str], nodes: Mapping[str, str]) -> None:
    things: tuple[Any, ...] = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    for thing in things:
        thing.name = tensors.get(thing.name, thing.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = tensors.get(sparse.values.name, sparse.values.name)
    for node in graph.node:
        if node.name in nodes:
            node.name = nodes[node.name]
        node.input[:] = [tensors.get(name, name) for name in node.input]
        node.output[:] = [tensors.get(name, name) for name in node.output]
        for body in bodies(node):
            _rename(body, tensors, nodes)
