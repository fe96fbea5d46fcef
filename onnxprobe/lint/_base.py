"""What linting speaks of: a model and its configuration, what is wrong, and the line that mends it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from onnxprobe.graph.model import Model
from onnxprobe.graph.value import Value
from onnxprobe.lint import seen
from onnxprobe.targets import Target
from onnxprobe.triton.config import Config

Level = Literal["error", "warning"]
"""An error keeps the model from being served; a warning is a surprise in wait."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        rule: a name for it, stable between versions.
        level: ``"error"`` or ``"warning"``.
        says: what is so, in one line.
        fix: the line that mends it: of ``config.pbtxt``, or a command.
    """

    rule: str
    level: Level
    says: str
    fix: str

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Subject:
    """What is looked at.

    Attributes:
        model: the model.
        path: how its file is called, for the commands that mend it.
        runtime: what is to run it.
        config: its ``config.pbtxt``, where there is one.
        folder: the name of the folder that the configuration is in; empty where it is in none.
    """

    model: Model
    path: str
    runtime: Target
    config: Config | None = None
    folder: str = ""

    @cached_property
    def inputs(self) -> tuple[Value, ...]:
        """What requests bring."""
        return seen.inputs(self.model)

    @cached_property
    def outputs(self) -> tuple[Value, ...]:
        """What the graph gives."""
        return seen.outputs(self.model)


Rule = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Linting:
    """Who is to take a model, and the rules that hold there.

    Attributes:
        name: what ``--for`` calls it.
        runtime: what runs models there, as ``targets.target`` reads it.
        rules: what is looked at, in order.
        source: where the rules come from.
    """

    name: str
    runtime: str
    rules: tuple[Rule, ...]
    source: str


def error(rule: str, says: str, fix: str) -> Finding:
    """Return a finding that keeps the model from being served."""
    return Finding(rule, "error", says, fix)


def warning(rule: str, says: str, fix: str) -> Finding:
    """Return a finding that does not keep the model from being served, yet."""
    return Finding(rule, "warning", says, fix)
