"""What a file itself says about the type and shape of its tensors."""

from functools import cached_property

import onnx

from onnxprobe.graph.inference import trials
from onnxprobe.graph.inference.infer import has_holes
from onnxprobe.graph.value import Value


class Declared:
    """The declarations of a graph, read when they are asked for."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph

    def complete(self, name: str) -> Value | None:
        """Return a declaration to which inference would add nothing; ``None`` where there is none.

        Its type, its rank and every size are there, and each symbol is the name of an open size of
        an input.
        """
        info = self._infos.get(name)
        if info is None:
            return None
        value = Value.of(info)
        if value.dtype is None or has_holes(value):
            return None
        symbols = {dim for dim in value.shape or () if isinstance(dim, str)}
        return value if symbols <= self._symbols else None

    @cached_property
    def _infos(self) -> dict[str, onnx.ValueInfoProto]:
        graph = self._graph
        return {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}

    @cached_property
    def _symbols(self) -> frozenset[str]:
        opened = trials.open_sizes(self._graph)
        return frozenset(size.symbol for size in opened if size.symbol is not None)
