"""Mend files that are damaged, or written in a way that runtimes refuse.

To add an ailment: write ``<name>.py`` beside this file, list it here, in the order of treatment.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from onnxprobe.errors import GraphError
from onnxprobe.graph.model import Model
from onnxprobe.graph.paths.order import check_written_once, label
from onnxprobe.registry import Registry
from onnxprobe.repair._base import Ailment, repeated
from onnxprobe.repair.block_size import BLOCK_SIZE
from onnxprobe.repair.forms import FORMS
from onnxprobe.repair.functions import FUNCTIONS
from onnxprobe.repair.idle import IDLE
from onnxprobe.repair.imports import IMPORTS
from onnxprobe.repair.inputs import LISTED_WEIGHTS, UNREAD_INPUTS
from onnxprobe.repair.ir import IR_VERSION
from onnxprobe.repair.locations import LOCATIONS
from onnxprobe.repair.misshapen import MISSHAPEN
from onnxprobe.repair.mistyped import MISTYPED
from onnxprobe.repair.node_names import NODE_NAMES
from onnxprobe.repair.order import ORDER
from onnxprobe.repair.outside import OUTSIDE
from onnxprobe.repair.roi import ROI
from onnxprobe.repair.spatial import SPATIAL
from onnxprobe.repair.surplus import SURPLUS
from onnxprobe.repair.twice import DECLARED_TWICE, INPUTS_TWICE, WEIGHTS_TWICE
from onnxprobe.repair.undeclared import UNDECLARED, UNTYPED
from onnxprobe.repair.unimported import UNIMPORTED
from onnxprobe.repair.unused import UNUSED
from onnxprobe.repair.whole_numbers import WHOLE_NUMBERS

AILMENTS: Final = Registry(
    "ailment",
    [
        IR_VERSION,
        IMPORTS,
        UNIMPORTED,
        LOCATIONS,
        OUTSIDE,
        IDLE,
        ORDER,
        FUNCTIONS,
        SPATIAL,
        ROI,
        FORMS,
        SURPLUS,
        WHOLE_NUMBERS,
        NODE_NAMES,
        WEIGHTS_TWICE,
        INPUTS_TWICE,
        LISTED_WEIGHTS,
        UNREAD_INPUTS,
        UNUSED,
        BLOCK_SIZE,
        DECLARED_TWICE,
        UNTYPED,
        MISTYPED,
        MISSHAPEN,
        UNDECLARED,
    ],
)

__all__ = ["AILMENTS", "Ailment", "Finding", "Repaired", "check_whole", "repair"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One ailment of a file, and what was done about it.

    Attributes:
        ailment: its name.
        wrong: what was found.
        mended: what was done.
        names: what is affected: tensors, nodes or operator sets.
    """

    ailment: str
    wrong: str
    mended: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.wrong} ({len(self.names)}): {self.mended}"


@dataclass(frozen=True, slots=True)
class Repaired:
    """A model without its ailments, and which they were."""

    model: Model
    findings: tuple[Finding, ...]


def repair(model: Model, *, skip: Collection[str] = (), also: Collection[str] = ()) -> Repaired:
    """Return ``model`` with what is wrong mended; nothing else changes.

    Args:
        model: any model, damaged or not.
        skip: ailments to leave alone.
        also: what to treat too, though a file is well with it (see ``Ailment.when``).

    Raises:
        NoSuchNameError: ``skip`` or ``also`` names an ailment that there is none of.
        GraphError: something is missing that cannot be made up, or there are two of what can be
            only one.
        VersionError: an operator set is imported in two versions that differ.
    """
    left_alone, asked = ({AILMENTS[name].name for name in names} for names in (skip, also))
    findings = []
    for ailment in AILMENTS.values():
        if ailment.name in left_alone or (ailment.when != "always" and ailment.name not in asked):
            continue
        names = ailment.find(model)
        if names:
            model = ailment.mend(model, names)
            findings.append(Finding(ailment.name, ailment.wrong, ailment.mended, names))
    check_whole(model)
    return Repaired(model, tuple(findings))


def check_whole(model: Model) -> None:
    """Return if every tensor that is read or returned is there, and comes from one place.

    Raises:
        GraphError: something is missing that cannot be made up, or there are two of what can be
            only one.
    """
    check_written_once(model)
    _check_given_once(model)
    there = {*model.producers, *model.inputs, *model.constants}
    for node in model.nodes:
        missing = next((name for name in node.reads if name not in there), None)
        if missing is not None:
            raise GraphError(
                f"{label(node)} reads {missing!r}, which nothing writes; that cannot be made up"
            )
    lost = next((name for name in model.outputs if name not in there), None)
    if lost is not None:
        raise GraphError(f"the output {lost!r} is written by nothing; that cannot be made up")


def _check_given_once(model: Model) -> None:
    """Return if no node writes what is an input or a weight, and no two inputs have one name."""
    for name in repeated(model.inputs):
        raise GraphError(f"two inputs are called {name!r}; which of them is read is not clear")
    weights = {tensor.name for tensor in model.proto.graph.initializer}
    for node in model.nodes:
        for name in node.writes:
            if name in weights or name in model.inputs:
                what = "a weight" if name in weights else "a model input"
                raise GraphError(f"{label(node)} writes {name!r}, which is {what} already")
