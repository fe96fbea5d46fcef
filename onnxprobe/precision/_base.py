"""What a precision is: a named way to compute the same with other numbers."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from onnxprobe.graph.model import Model


@dataclass(frozen=True, slots=True)
class Precision:
    """What a model may be made to compute in.

    Attributes:
        name: what ``--precision`` calls it.
        says: what becomes of a model, in half a line.
        cast: from a model, and the tensors that stay as they are with all that computes them, to
            the model in this precision. Inputs and outputs are declared as they were.
        measured: from the model in this precision to one that a CPU runs, and that shows all that the
            precision loses.
        tolerance: how far an output may be from what it was where nobody says, as a share of the
            largest value it holds (at least 1).
    """

    name: str
    says: str
    cast: Callable[[Model, Collection[str]], Model]
    measured: Callable[[Model], Model]
    tolerance: float
