"""What a file itself says about the type and shape of its tensors."""

from functools import cached_property

import onnx

from onnxprobe.graph.inference import trials
from onnxprobe.graph.inference.infer import has_holes, stored
from onnxprobe.graph.value import Value


class Declared:
    """The declarations of a graph, read when they are asked for."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._types: dict[bytes, Value | None] = {}

    def complete(self, name: str) -> Value | None:
        """Return a declaration to which inference would add nothing; ``None`` where there is none.

        Its type, its rank and every size are there, and each symbol is the name of an open size of
        an input.
        """
        info = self._infos.get(name)
        if info is None:
            return None
        key = info.type.SerializeToString()
        if key not in self._types:  # a network has few types: each is read once
            self._types[key] = self._whole(Value.of(info))
        found = self._types[key]
        return found and Value(name, found.dtype, found.shape)

    def all(self) -> dict[str, Value] | None:
        """Return every tensor that is declared or stored; ``None`` where one that is written is neither."""
        found = {value.name: value for value in stored(self._graph)}
        written = (name for node in self._graph.node for name in node.output if name)
        for name in dict.fromkeys((*self._infos, *(name for name in written if name not in found))):
            value = self.complete(name)
            if value is None:
                return None
            found[name] = value
        return found

    def _whole(self, value: Value) -> Value | None:
        symbols = {dim for dim in value.shape or () if isinstance(dim, str)}
        unclear = value.dtype is None or has_holes(value) or not symbols <= self._symbols
        return None if unclear else value

    @cached_property
    def _infos(self) -> dict[str, onnx.ValueInfoProto]:
        graph = self._graph
        return {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}

    @cached_property
    def _symbols(self) -> frozenset[str]:
        opened = trials.open_sizes(self._graph)
        return frozenset(size.symbol for size in opened if size.symbol is not None)
