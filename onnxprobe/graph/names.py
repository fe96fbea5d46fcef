"""Every name a graph uses, and a copy of it under other names."""

from collections.abc import Iterable, Mapping
from typing import Any

import onnx

from onnxprobe.graph.model import bodies


def tensor_names(graph: onnx.GraphProto) -> set[str]:
    """Return the names of all tensors that ``graph`` and its nested bodies define or read."""
    found = {info.name for info in (*graph.input, *graph.output, *graph.value_info)}
    found.update(tensor.name for tensor in graph.initializer)
    found.update(sparse.values.name for sparse in graph.sparse_initializer)
    for node in graph.node:
        found.update(node.input)
        found.update(node.output)
        for body in bodies(node):
            found |= tensor_names(body)
    found.discard("")
    return found


def node_names(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Return the names of ``nodes`` and of those in their bodies; unnamed ones are left out."""
    found = set[str]()
    for node in nodes:
        found.add(node.name)
        for body in bodies(node):
            found |= node_names(body.node)
    found.discard("")
    return found


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
