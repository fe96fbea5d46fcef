"""What tensors hold that are the same for all pictures: computed from the constants of the file."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from onnxprobe.batch import counts
from onnxprobe.batch.flow import Fixed, Flow, Numbers
from onnxprobe.errors import MissingWeightsError
from onnxprobe.graph.model import Model, Node

_LARGEST: Final = 1 << 24
"""Elements up to which a tensor is computed: 64 MB of float32."""


class Given:
    """Tensors that depend on nothing that is fed, computed when they are asked for."""

    def __init__(self, model: Model, flows: Mapping[str, Flow]) -> None:
        self._model, self._flows = model, flows
        self._found: dict[str, NDArray[Any] | None] = {}

    def __call__(self, name: str) -> NDArray[Any] | None:
        """Return what ``name`` holds; ``None`` where it is fed, too large or cannot be computed."""
        for node in self._behind(name):
            results = self._run(node)
            self._found |= dict(
                zip(node.outputs, results or [None] * len(node.outputs), strict=True)
            )
        return self._array(name)

    def _behind(self, name: str) -> list[Node]:
        """Return the nodes that must run for ``name``, in order."""
        todo, nodes = [name], set[Node]()
        while todo:
            here = todo.pop()
            node = self._model.producers.get(here)
            known = here in self._found or here in self._model.constants or node in nodes
            if node is not None and not known and isinstance(self._flows.get(here), Fixed):
                nodes.add(node)
                todo += node.reads
        return sorted(nodes, key=lambda node: node.index)

    def _array(self, name: str) -> NDArray[Any] | None:
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> NDArray[Any] | None:
        flow = self._flows.get(name)
        if isinstance(flow, Numbers):
            return flow.trials[0]
        tensor = self._model.tensors.get(name)
        if name not in self._model.constants or (tensor and np.prod(tensor.dims) > _LARGEST):
            return None
        try:
            return self._model.constant(name)
        except MissingWeightsError:  # what needs to know it will say so
            return None

    def _run(self, node: Node) -> tuple[NDArray[Any], ...] | None:
        if node.proto.domain:
            return None
        feeds = {name: array for name in node.reads if (array := self._array(name)) is not None}
        if len(feeds) < len({*node.reads}) or counts.filled(node, [*feeds.values()]) > _LARGEST:
            return None
        return counts.run(node, feeds, self._model.opset)
