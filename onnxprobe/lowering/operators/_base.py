"""Rewriting a graph node by node, with class labels carried as indices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper

from onnxprobe.errors import LoweringError
from onnxprobe.graph.build import Builder
from onnxprobe.graph.model import Model, Node

ML: Final = "ai.onnx.ml"
Label = int | str | float


@dataclass(frozen=True, slots=True)
class Labels:
    """Class labels that a tensor of the original held.

    Attributes:
        index: the tensor that holds their indices instead, int64, of the same shape.
        values: what each index stands for.
        kind: what they are where something computes with them.
    """

    index: str
    values: tuple[Label, ...]
    kind: Any = np.int64


class Rewriter(Builder):
    """A builder that goes through a model and writes it anew.

    Attributes:
        original: the model that is read.
        labels: tensors of the original that hold labels; the new graph has only their indices.
        zipped: tensors of the original that are maps from label to score, and the tensor of scores.
        allow_ml: whether operators that have no plain form may stay.
    """

    def __init__(self, original: Model, *, allow_ml: bool) -> None:
        super().__init__(original.opset, prefix=_unused_prefix(original))
        self.original = original
        self.allow_ml = allow_ml
        self.labels: dict[str, Labels] = {}
        self.zipped: dict[str, tuple[str, tuple[Label, ...]]] = {}

    @property
    def nodes(self) -> Sequence[onnx.NodeProto]:
        """What was written."""
        return self._nodes

    @property
    def constants(self) -> Sequence[onnx.TensorProto]:
        """The constants that came with it."""
        return self._constants

    def keep(self, node: onnx.NodeProto) -> None:
        """Write a node as it was; labels that it reads as numbers become numbers again.

        Raises:
            LoweringError: it computes with text.
        """
        read = {name: self._number(name, node) for name in node.input if name in self.labels}
        zipped = [name for name in node.input if name in self.zipped]
        if zipped:
            raise LoweringError(
                f"{node.op_type} {node.name!r} reads a map, which has no numeric form"
            )
        new = onnx.NodeProto()
        new.CopyFrom(node)
        new.input[:] = [read.get(name, name) for name in node.input]
        self._nodes.append(new)

    def array(self, values: ArrayLike, dtype: Any = np.float32) -> str:
        """Add a constant."""
        return self.constant(np.asarray(values, dtype))

    def floats(self, x: str) -> str:
        """Return ``x`` as float32; the operators of ai.onnx.ml take any number."""
        value = self.original.values.get(x)
        if x in self.labels or value is None or value.dtype != "float32":
            return self.op("Cast", self._number(x, None) if x in self.labels else x, to=1)
        return x

    def written(self, name: str) -> NDArray[Any] | None:
        """Return the constant ``name`` of the original, or ``None`` if it is computed."""
        return self.original.constant(name) if name in self.original.constants else None

    def _number(self, name: str, reader: onnx.NodeProto | None) -> str:
        found = self.labels[name]
        if any(isinstance(value, str) for value in found.values):
            by = f"{reader.op_type} {reader.name!r}" if reader is not None else "an operator"
            raise LoweringError(f"{by} computes with the text {name!r}, which has no numeric form")
        return self.op("Gather", self.array(found.values, found.kind), found.index)


Rewrite = Callable[[Rewriter, Node], None]


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """How an operator is written plainly.

    Attributes:
        name: the operator, as ``Node.op`` has it: ``"ai.onnx.ml::Scaler"``.
        rewrite: writes it; what it returned becomes a tensor of the same name, labels, or a map.
    """

    name: str
    rewrite: Rewrite


def ml(op: str, rewrite: Rewrite) -> OperatorRule:
    """Return the rule of an operator of ai.onnx.ml."""
    return OperatorRule(f"{ML}::{op}", rewrite)


def texts(values: Sequence[bytes | str]) -> tuple[str, ...]:
    """Return the strings of an attribute as text."""
    return tuple(v.decode() if isinstance(v, bytes) else v for v in values)


def class_labels(node: Node) -> tuple[Label, ...]:
    """Return the labels that a classifier or a ZipMap names."""
    for attribute in ("classlabels_strings", "class_labels_strings"):
        if said := node.attribute(attribute):
            return texts(said)
    for attribute in ("classlabels_ints", "classlabels_int64s"):
        if said := node.attribute(attribute):
            return tuple(map(int, said))
    return ()


def reattributed(node: Node, without: Sequence[str], more: Mapping[str, Any]) -> onnx.NodeProto:
    """Return a copy of a node with some attributes gone and others there."""
    new = onnx.NodeProto()
    new.CopyFrom(node.proto)
    kept = [a for a in node.proto.attribute if a.name not in {*without, *more}]
    del new.attribute[:]
    new.attribute.extend(kept)
    new.attribute.extend(helper.make_attribute(key, value) for key, value in more.items())
    return new


def _unused_prefix(model: Model) -> str:
    prefix, names = "plain/", model.names | model.constants
    while any(name.startswith(prefix) for name in names):
        prefix = f"plain{prefix}"
    return prefix
