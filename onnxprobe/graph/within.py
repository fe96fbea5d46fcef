"""Tensors inside a local function, or inside an If on a constant: how to read them all the same."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Final

import onnx

from onnxprobe.graph.extract import extract
from onnxprobe.graph.inline import showing
from onnxprobe.graph.model import Model
from onnxprobe.graph.names import renamed
from onnxprobe.graph.paths.upstream import upstream
from onnxprobe.graph.stitch import stitch

COPIES: Final = "onnxprobe.inner"
"""What the names of everything that is added begin with."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A model in which some tensors can be read.

    Attributes:
        model: the model, all its nodes as they were.
        names: what those tensors are called in it, where that is not their own name.
    """

    model: Model
    names: Mapping[str, str]

    def tensor(self, name: str) -> str:
        """Return what the tensor ``name`` is called."""
        return self.names.get(name, name)


def reached(model: Model, tensors: Collection[str]) -> Reached:
    """Return ``model`` with copies of the nodes that lead to those of ``tensors`` that lie inside.

    A node that calls a function or holds a branch gives only its outputs, and giving more would
    change it. So what it runs up to the tensor is written out a second time, on the same weights,
    behind all that is there, and runs a second time: ``doubled`` says how much that is.

    Raises:
        NoSuchNameError: a tensor is nowhere in the model.
        GraphError: the local functions cannot be written out.
    """
    inner = tuple(name for name in dict.fromkeys(tensors) if name not in model.names)
    if not inner:
        return Reached(model, {})
    flat = showing(model, inner)
    nodes = upstream(flat, inner, stop=model.names)[0]
    reads = dict.fromkeys(name for node in flat.nodes if node in nodes for name in node.reads)
    feeds = [name for name in reads if name in model.names]
    owner = _free(model)
    copies = _owned(extract(flat, feeds, inner), owner)
    names = {name: f"{owner}/{name}" for name in inner}
    return Reached(stitch(model, copies, outputs=model.outputs), names)


def doubled(model: Model, tensors: Collection[str]) -> int:
    """Return how many nodes run a second time so that all of ``tensors`` can be read.

    Raises:
        NoSuchNameError: a tensor is nowhere in the model.
        GraphError: the local functions cannot be written out.
    """
    inner = tuple(name for name in tensors if name not in model.names)
    if not inner:
        return 0
    return len(upstream(showing(model, inner), inner, stop=model.names)[0])


def _owned(part: Model, owner: str) -> Model:
    """Return ``part`` with every name but those of its inputs beginning with ``owner``."""
    graph, fed = part.proto.graph, frozenset(part.inputs)
    tensors = {name: f"{owner}/{name}" for name in part.used.tensors if name not in fed}
    new = onnx.ModelProto()
    new.CopyFrom(part.proto)
    new.graph.CopyFrom(renamed(graph, tensors, {}))
    for i, node in enumerate(new.graph.node):
        node.name = f"{owner}/{i}"
    known = {tensors.get(name, name): value for name, value in part.known.items()}
    return Model(new, known)


def _free(model: Model) -> str:
    taken = {name.partition("/")[0] for name in model.names}
    names = chain([COPIES], (f"{COPIES}-{number}" for number in count(2)))
    return next(name for name in names if name not in taken)
