"""What a rule that rewrites one node for another opset is, and what it may look at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import helper, numpy_helper

from onnxprobe.graph.disk import weights
from onnxprobe.graph.model import Model

Nodes = list[onnx.NodeProto]


class NoFormError(Exception):
    """A node says something that the other opset has no form for; the message says what."""


@dataclass(frozen=True, slots=True)
class Site:
    """One node, and what is known around it.

    Attributes:
        node: the node to rewrite. Never edit it.
        model: the model it is in, for shapes and types.
        constants: every constant by name, those inside bodies too.
        taken: every tensor name that is in use; ``fresh`` adds to it.
    """

    node: onnx.NodeProto
    model: Model
    constants: Mapping[str, onnx.TensorProto]
    taken: set[str]

    def attribute(self, name: str, default: Any = None) -> Any:
        """Return one attribute as a Python value."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                return helper.get_attribute_value(attribute)
        return default

    def read(self, position: int, what: str) -> NDArray[Any] | None:
        """Return the constant at an input, or ``None`` where the input is left out.

        Raises:
            NoFormError: the input is computed, not written in the file.
        """
        name = self.node.input[position] if position < len(self.node.input) else ""
        if not name:
            return None
        if name not in self.constants:
            raise NoFormError(f"{what} that are computed")
        inner = name not in self.model.tensors
        return weights.read(self.constants[name]) if inner else self.model.constant(name)

    def rank(self, position: int = 0) -> int | None:
        """Return how many axes an input has, if that is known."""
        value = self.model.values.get(self.node.input[position])
        return None if value is None or value.shape is None else len(value.shape)

    def fresh(self, hint: str) -> str:
        """Return a tensor name that nobody uses."""
        stem = name = f"{self.node.output[0]}/{hint}"
        count = 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}"
        self.taken.add(name)
        return name

    def constant(self, hint: str, values: ArrayLike, dtype: Any = np.int64) -> onnx.NodeProto:
        """Return a new Constant node."""
        name = self.fresh(hint)
        tensor = numpy_helper.from_array(np.asarray(values, dtype), name)
        return helper.make_node("Constant", [], [name], name=name, value=tensor)

    def copy(
        self, inputs: Iterable[str], without: Iterable[str] = (), **more: Any
    ) -> onnx.NodeProto:
        """Return the node with other inputs, some attributes gone, others there."""
        node = onnx.NodeProto()
        node.CopyFrom(self.node)
        del node.input[:], node.attribute[:]
        node.input.extend(_trimmed(inputs))
        gone = {*without, *more}
        node.attribute.extend(a for a in self.node.attribute if a.name not in gone)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in more.items())
        return node


@dataclass(frozen=True, slots=True)
class Rule:
    """How one operator changed in one opset.

    Attributes:
        op: the operator.
        at: the opset that brought the new form, or the operator itself.
        up: from the form before to the new one.
        down: from the new form to the one before.
    """

    op: str
    at: int
    up: Callable[[Site], Nodes]
    down: Callable[[Site], Nodes]

    @property
    def name(self) -> str:
        """The operator and the opset: what the registry knows the rule by."""
        return f"{self.op}-{self.at}"


def attribute_to_input(op: str, at: int, attribute: str) -> Rule:
    """Return the rule of an operator whose list of integers became its second input."""

    def up(site: Site) -> Nodes:
        values = site.attribute(attribute)
        data = site.node.input[0]
        if values is None:
            return [site.copy([data])]
        new = site.constant(attribute, np.atleast_1d(values))
        return [new, site.copy([data, new.output[0]], [attribute])]

    def down(site: Site) -> Nodes:
        values = site.read(1, attribute)
        data = site.node.input[0]
        if values is None:
            return [site.copy([data])]
        return [site.copy([data], (), **{attribute: [int(v) for v in np.atleast_1d(values)]})]

    return Rule(op, at, up, down)


def _trimmed(inputs: Iterable[str]) -> list[str]:
    names = list(inputs)
    while names and not names[-1]:
        names.pop()
    return names
