"""Every name a graph uses, and a copy of it under other names."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import onnx

from onnxprobe.graph.model import bodies


def tensor_names(graph: onnx.GraphProto) -> Iterator[str]:
    """Yield the names of all tensors that ``graph`` and its nested bodies define or read."""
    yield from (v.name for v in (*graph.input, *graph.output, *graph.value_info))
    yield from (t.name for t in graph.initializer)
    yield from (t.values.name for t in graph.sparse_initializer)
    for node in graph.node:
        yield from (name for name in (*node.input, *node.output) if name)
        for body in bodies(node):
            yield from tensor_names(body)


def node_names(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    """Yield the names of ``nodes`` and of those in their bodies; unnamed ones are left out."""
    for node in nodes:
        if node.name:
            yield node.name
        for body in bodies(node):
            yield from node_names(body.node)


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
