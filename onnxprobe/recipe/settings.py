"""The settings of a recipe: listing them, and changing them by name."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints

from onnxprobe.errors import NoSuchNameError, RecipeError
from onnxprobe.recipe.kinds import fitted

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of one step.

    Attributes:
        name: ``"step.param"``, as ``--set`` takes it.
        default: its value where nobody says.
        about: one sentence, from the docstring of the step.
    """

    name: str
    default: Any
    about: str


def settings(recipe: Any) -> Iterator[Setting]:
    """Yield every setting of ``recipe``, step by step."""
    for step_name, step in steps(recipe).items():
        about = _attributes(type(step))
        for field in fields(step):
            name = f"{step_name}.{field.name}"
            yield Setting(name, getattr(step, field.name), about.get(field.name, ""))


def steps(recipe: Any) -> dict[str, Any]:
    """Return the steps of ``recipe`` by name."""
    found = ((field.name, getattr(recipe, field.name)) for field in fields(recipe))
    return {name: step for name, step in found if is_dataclass(step)}


def as_json(recipe: Any) -> dict[str, dict[str, Any]]:
    """Return all settings as ``{step: {param: value}}``."""
    return {
        name: {field.name: getattr(step, field.name) for field in fields(step)}
        for name, step in steps(recipe).items()
    }


def configured(recipe: R, changes: Mapping[str, Any]) -> R:
    """Return ``recipe`` with ``changes``: ``{"clustering.seed": 1}``; text is read as JSON.

    Raises:
        NoSuchNameError: the recipe has no such step, or the step no such setting.
        RecipeError: the value is not of the setting's type, or beyond what it may be.
    """
    for name, value in changes.items():
        step_name, _, param = name.partition(".")
        if step_name not in steps(recipe):
            raise NoSuchNameError("step", step_name, steps(recipe))
        step = steps(recipe)[step_name]
        if param not in {field.name for field in fields(step)}:
            known = [f"{step_name}.{field.name}" for field in fields(step)]
            raise NoSuchNameError("setting", name, known)
        kind = get_type_hints(type(step), include_extras=True)[param]
        changed = replace(step, **{param: _read(name, value, kind)})
        recipe = replace(recipe, **{step_name: changed})  # type: ignore[type-var]
    return recipe


def flat(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``{"clustering": {"seed": 1}}``, as TOML has it, into ``{"clustering.seed": 1}``.

    Raises:
        RecipeError: a value stands outside any table.
    """
    found: dict[str, Any] = {}
    for step, params in tables.items():
        if not isinstance(params, Mapping):
            raise RecipeError(f"{step!r} is a setting without a step; write it under [step]")
        found |= {f"{step}.{param}": value for param, value in params.items()}
    return found


def _read(name: str, value: Any, kind: Any) -> Any:
    if isinstance(value, str) and kind is not str:
        with suppress(ValueError):  # plain text, such as a name
            value = json.loads(value)
    return fitted(name, value, kind)


def _attributes(kind: type) -> dict[str, str]:
    """Read the ``Attributes:`` of docstrings, what a class is made of first: name to text."""
    bases = reversed(kind.__mro__)
    return {name: about for base in bases for name, about in _described(base).items()}


def _described(kind: type) -> dict[str, str]:
    text = inspect.cleandoc(kind.__doc__ or "")
    _, _, block = text.partition("Attributes:\n")
    entries = re.split(r"^    (\w+): ", block.split("\n\n")[0], flags=re.MULTILINE)[1:]
    return {
        name: " ".join(about.split())
        for name, about in zip(entries[::2], entries[1::2], strict=True)
    }
